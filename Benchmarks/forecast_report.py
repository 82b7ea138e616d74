"""What became of forecast moves: table, JSON and a plot, from the lines that Benchmarks/forecast wrote."""
import json
import math
import statistics


def plain(row):
    """The forecast of plain pre-copy among the strategies."""
    return next(item for item in row["forecast"]["strategies"] if item["strategy"] == "pre-copy")


def judged(row, payload, deadline):
    """Forecast beside actual, in one flat record; None for a move that failed for another reason than its deadline."""
    case, forecast = row["case"], plain(row)
    result = row["move"].get("result") or {}
    code = (row["move"].get("error") or {}).get("code")
    if row["exit"] != 0 and code != "timed-out":
        return None
    converged = row["exit"] == 0
    total = result["total_seconds"] if converged else row["wall_seconds"]
    bandwidth = case["link_mbit"] * 1e6 / 8 * payload
    return {
        "case": case, "load": row["load"], "converged": converged, "forecast_converges": forecast["converges"],
        "actual": total, "low": forecast["total_seconds"]["low"], "likely": forecast["total_seconds"]["likely"],
        "high": forecast["total_seconds"]["high"],
        "error": abs(forecast["total_seconds"]["likely"] - total) / total,
        "ram_by_bandwidth": case["memory"] * 2**20 / bandwidth,
        "ram_error": abs(case["memory"] * 2**20 / bandwidth - total) / total,
        # "RAM ÷ bandwidth" knows no dirtying: whatever fits the deadline converges.
        "ram_converges": case["memory"] * 2**20 / bandwidth < deadline,
        "downtime": result.get("downtime_seconds"), "downtime_likely": forecast["downtime_seconds"]["likely"],
        "wire": result.get("wire_bytes"), "wire_likely": forecast["wire_bytes"]["likely"],
        "rounds": result.get("rounds"), "rounds_likely": forecast["rounds"]["likely"],
    }


def line(row, payload, deadline):
    record = judged(row, payload, deadline)
    if record is None:
        return f"{row['case']} failed: {row['move'].get('error')}"
    return (f"{row['case']} forecast {record['likely']:.2f} s ({record['low']:.2f} to {record['high']:.2f}), "
            f"actual {record['actual']:.2f} s, load {record['load']:.1f}"
            f"{'' if record['converged'] == record['forecast_converges'] else ' WRONG ABOUT CONVERGENCE'}")


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else float("nan")


def summary(records):
    def errors(key, chosen):
        values = [record[key] for record in chosen]
        return {"median": statistics.median(values) if values else None, "p90": quantile(values, 0.9)}

    converging = [record for record in records if record["converged"]]
    return {
        "moves": len(records), "converged": len(converging),
        "total_time": errors("error", records), "total_time_converging": errors("error", converging),
        "ram_by_bandwidth": errors("ram_error", records),
        "ram_by_bandwidth_converging": errors("ram_error", converging),
        "wrong_about_convergence": sum(r["converged"] != r["forecast_converges"] for r in records),
        "ram_wrong_about_convergence": sum(r["converged"] != r["ram_converges"] for r in records),
        "within_the_range": sum(r["low"] <= r["actual"] <= r["high"] for r in converging),
        "wire_bytes_converging": {"median": statistics.median(
            abs(r["wire_likely"] / r["wire"] - 1) for r in converging) if converging else None},
        "downtime_off_seconds_median": statistics.median(
            abs(r["downtime_likely"] - r["downtime"]) for r in converging) if converging else None,
        "load": [min(r["load"] for r in records), max(r["load"] for r in records)],
    }


def table(records, figures):
    lines = [
        "| guest (MiB, MiB/s, memory) | link | limit | forecast (range) | actual | error | converges: forecast, actual "
        "| downtime: forecast, actual | RAM ÷ bandwidth | load |", "|" + " --- |" * 10]
    for record in records:
        case = record["case"]
        downtime = f"{record['downtime'] * 1000:.0f} ms" if record["downtime"] else "–"
        lines.append(
            f"| {case['size']}, {case['rate'] or 'flat out'}, {case['memory']} | {case['link_mbit']} Mbit/s "
            f"| {case['downtime_limit_ms']} ms "
            f"| {record['likely']:.2f} s ({record['low']:.2f}–{record['high']:.2f}) | {record['actual']:.2f} s "
            f"| {record['error'] * 100:.1f} % "
            f"| {'yes' if record['forecast_converges'] else 'no'}, {'yes' if record['converged'] else 'no'} "
            f"| {record['downtime_likely'] * 1000:.0f} ms, {downtime} "
            f"| {record['ram_by_bandwidth']:.2f} s | {record['load']:.1f} |")

    def row(name, key, wrong):
        every, converging = figures[key], figures[key + "_converging"]
        return (f"| {name} | {every['median'] * 100:.1f} % | {every['p90'] * 100:.1f} % "
                f"| {converging['median'] * 100:.1f} % | {converging['p90'] * 100:.1f} % | {figures[wrong]} |")

    lines += ["", "| total time | median error | p90 | median, converging moves | p90, converging | wrong about convergence |",
              "| --- | --- | --- | --- | --- | --- |", row("forecast", "total_time", "wrong_about_convergence"),
              row("RAM ÷ bandwidth", "ram_by_bandwidth", "ram_wrong_about_convergence"), "",
              f"{figures['moves']} moves, {figures['converged']} converged; {figures['within_the_range']} of these lay "
              f"within the range; load {figures['load'][0]:.1f} to {figures['load'][1]:.1f}."]
    return "\n".join(lines) + "\n"


def plot(records):
    """Forecast over actual, both axes logarithmic; the bars are the ranges, the band is ± 15 %."""
    size, margin = 640, 60
    values = [record[key] for record in records for key in ("actual", "low", "high")]
    low = math.log10(max(0.1, min(values))) - 0.05
    high = math.log10(max(values)) + 0.05

    def place(seconds):
        return margin + (math.log10(max(seconds, 1e-3)) - low) / (high - low) * (size - 2 * margin)

    def x(seconds):
        return f"{place(seconds):.1f}"

    def y(seconds):
        return f"{size - place(seconds):.1f}"

    least, most = 10**low, 10**high
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" font-family="sans-serif" '
             f'font-size="13"><rect width="{size}" height="{size}" fill="white"/>',
             f'<clipPath id="area"><rect x="{margin}" y="{margin}" width="{size - 2 * margin}" '
             f'height="{size - 2 * margin}"/></clipPath><g clip-path="url(#area)">',
             f'<polygon points="{x(least)},{y(least * 0.85)} {x(most)},{y(most * 0.85)} {x(most)},{y(most * 1.15)} '
             f'{x(least)},{y(least * 1.15)}" fill="#e8eef7"/>',
             f'<line x1="{x(least)}" y1="{y(least)}" x2="{x(most)}" y2="{y(most)}" stroke="#888"/>']
    for record in records:
        right = record["converged"] == record["forecast_converges"]
        colour = "#c0392b" if not right else "#1f5fa8" if record["converged"] else "#999"
        parts.append(f'<line x1="{x(record["actual"])}" x2="{x(record["actual"])}" y1="{y(record["low"])}" '
                     f'y2="{y(record["high"])}" stroke="{colour}" stroke-opacity="0.5"/>'
                     f'<circle cx="{x(record["actual"])}" cy="{y(record["likely"])}" r="3.5" fill="{colour}"/>')
    parts.append("</g>")
    for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if least <= tick <= most:
            parts.append(f'<text x="{x(tick)}" y="{size - margin + 18}" text-anchor="middle">{tick} s</text>'
                         f'<text x="{margin - 8}" y="{float(y(tick)) + 4:.1f}" text-anchor="end">{tick} s</text>')
    end = size - margin
    parts.append(f'<path d="M{margin} {margin} V{end} H{end}" fill="none" stroke="black"/>'
                 f'<text x="{size / 2}" y="{size - 14}" text-anchor="middle">actual total time</text>'
                 f'<text x="16" y="{size / 2}" text-anchor="middle" transform="rotate(-90 16 {size / 2})">'
                 f'forecast, made before the move</text>'
                 f'<text x="{margin + 10}" y="{margin - 12}">blue: converged; grey: did not, as forecast; '
                 f'red: wrong about it; band: ± 15 %</text></svg>')
    return "\n".join(parts) + "\n"


def write(path, stem, payload, deadline):
    with open(path) as file:
        rows = [row for row in map(json.loads, file) if "move" in row]
    records = [record for record in (judged(row, payload, deadline) for row in rows) if record]
    figures = summary(records)
    figures["failed_otherwise"] = len(rows) - len(records)
    text = table(records, figures)
    with open(stem + ".json", "w") as file:
        json.dump({"summary": figures, "moves": records}, file, indent=1)
    with open(stem + ".md", "w") as file:
        file.write(text)
    with open(stem + ".svg", "w") as file:
        file.write(plot(records))
    print(text)
