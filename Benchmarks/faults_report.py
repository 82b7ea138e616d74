"""Tables of what became of guests, from the lines that Benchmarks/faults wrote."""
import collections
import json
import math

from faults_schedule import ANY_MOMENT, FAULTS, KINDS, PHASES

MOVERS = ("apus", "virsh")
ORDER = ["before", ANY_MOMENT, "reservation", "disks", "first round", "later round", "switchover", "post-copy", "activation"]
# A fault in one of these leaves the guest on its source, which should hardly have stood still.
BEFORE_SWITCHOVER = ("reservation", "disks", "first round", "later round")


def rows(paths):
    """The last line of each run counts."""
    found = {}
    for path in paths:
        with open(path) as file:
            for row in map(json.loads, file):
                found[(row["case"]["number"], row["mover"], row.get("time"))] = row
    return list(found.values())


def harms(row):
    """What the guest suffered that the fault itself does not explain."""
    found = [row["outcome"]] if row["outcome"] in ("lost", "twice", "stopped", "torn") else []
    for problem in row["problems"]:
        found.append({"memory:": "memory damaged", "disk:": "disk damaged", "it": "twice"}[problem.split()[0]])
    return list(dict.fromkeys(found))


def line(row):
    repairs = "".join(f", repair {item['exit']}" for item in row["repairs"][:1])
    notes = harms(row) + row["problems"] + row["leftovers"] + ([] if row["ended"] else ["did not end"])
    return (f"{row['mover']} {row['line']}: {row['outcome'] if row['struck'] else row['outcome'] + ' (not struck)'}, "
            f"exit {row['exit']}{' ' + row['code'] if row['code'] else ''} after {row['seconds']} s{repairs}"
            f"{', stood still %.2f s' % row['stood_still_seconds'] if row.get('stood_still_seconds') else ''}"
            f" ({row['wall_seconds']} s){' -- ' + '; '.join(notes) if notes else ''}")


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else None


def stand_still(chosen, key="stood_still_seconds"):
    """Of guests that stayed on their source after a fault before the switchover."""
    values = [row[key] for row in chosen if row["struck"] and row["outcome"] == "stayed" and row.get(key) is not None
              and row["struck_in"] in BEFORE_SWITCHOVER]
    return {"runs": len(values), "median": quantile(values, 0.5), "p99": quantile(values, 0.99),
            "worst": max(values, default=None)}


def summary(chosen):
    struck = [row for row in chosen if row["struck"]]
    harmed = collections.Counter(harm for row in chosen for harm in harms(row))
    repairs = collections.Counter(item["exit"] for row in chosen for item in row["repairs"][:1])
    return {
        "runs": len(chosen), "struck": len(struck),
        **{outcome: sum(row["outcome"] == outcome for row in chosen) for outcome in ("stayed", "moved", "gone")},
        "harmed": sum(bool(harms(row)) for row in chosen),
        **{harm: harmed[harm] for harm in ("lost", "twice", "stopped", "torn", "memory damaged", "disk damaged")},
        "left something behind": sum(bool(row["leftovers"]) for row in chosen),
        "did not end": sum(not row["ended"] for row in chosen),
        "repair": {str(key): count for key, count in sorted(repairs.items())},
        "repair again not 0": sum(row["repairs"][1]["exit"] != 0 for row in chosen if len(row["repairs"]) > 1),
        "stood still before switchover": stand_still(chosen),
        "load": [min(row["load"] for row in chosen), max(row["load"] for row in chosen)] if chosen else None,
    }


LABELS = [
    ("runs", "runs"), ("struck", "of these struck before the move was over"),
    ("stayed", "guest runs on, on its source"), ("moved", "guest runs on, on its destination"),
    ("gone", "ended by the fault, which killed the only QEMU that had its memory"),
    ("harmed", "**guest harmed**"), ("lost", "– lost"), ("twice", "– ran twice"), ("stopped", "– left stopped"),
    ("torn", "– left half-way: two definitions, or an unfinished job"), ("memory damaged", "– memory damaged"),
    ("disk damaged", "– disk damaged"),
    ("left something behind", "left something behind"), ("did not end", "command did not end by itself"),
]


def overview(chosen):
    figures = {mover: summary([row for row in chosen if row["mover"] == mover]) for mover in MOVERS}
    lines = ["| | apus | virsh |", "| --- | --- | --- |"]
    lines += [f"| {label} | {figures['apus'][key]} | {figures['virsh'][key]} |" for key, label in LABELS]
    repair = ", ".join(f"{count} × {status}" for status, count in figures["apus"]["repair"].items())
    lines.append(f"| exit status of `apus repair` | {repair or '–'} | – |")
    lines.append(f"| a second `apus repair` found fault | {figures['apus']['repair again not 0']} | – |")

    def still(mover):
        got = figures[mover]["stood still before switchover"]
        return f"{got['median']:.2f} s, {got['p99']:.2f} s, {got['worst']:.2f} s ({got['runs']})" if got["runs"] else "–"
    lines.append(f"| source stood still after a fault before switchover: median, p99, worst (runs) "
                 f"| {still('apus')} | {still('virsh')} |")
    return figures, lines


def cell(chosen):
    """The outcomes, most frequent first; harm in bold."""
    counts = collections.Counter()
    for row in chosen:
        harm = harms(row)
        counts["**" + "+".join(harm) + "**" if harm else row["outcome"]] += 1
        counts["leftovers"] += bool(row["leftovers"])
        counts["did not end"] += not row["ended"]
        counts["repair 3"] += any(item["exit"] == 3 for item in row["repairs"][:1])
    return ", ".join(f"{count} {name}" for name, count in counts.most_common() if count) or "–"


def table(chosen):
    struck = collections.defaultdict(list)
    for row in chosen:
        if row["struck"]:
            length = " 60 s" if row["case"]["seconds"] >= 60 else " 3 s" if row["case"]["fault"].startswith("link") else ""
            struck[(row["case"]["fault"] + length, row["case"]["phase"])].append(row)
    lines = ["| fault | phase | " + " | ".join(f"{kind}: {mover}" for kind in KINDS for mover in MOVERS) + " |",
             "|" + " --- |" * (2 + len(KINDS) * 2)]
    for fault, phase in sorted(struck, key=lambda key: (FAULTS.index(key[0].removesuffix(" 60 s").removesuffix(" 3 s")),
                                                        len(key[0]), ORDER.index(key[1]))):
        cells = [cell([row for row in struck[(fault, phase)] if row["case"]["kind"] == kind and row["mover"] == mover])
                 for kind in KINDS for mover in MOVERS]
        lines.append(f"| {fault} | {phase} | " + " | ".join(cells) + " |")
    return lines


def repeats(chosen):
    """How each run that was not good is repeated."""
    bad = [row for row in chosen if row["mover"] == "apus" and not row["ok"]]
    if not bad:
        return []
    return ["", "Runs of apus that were not good, each with what repeats it:", ""] + [
        f"- {line(row)}\n  `Benchmarks/faults --mover apus --case '{json.dumps(row['case'])}'`" for row in bad]


def write(paths, stem):
    """Prints and keeps the tables. The exit status: 1 when apus harmed a guest."""
    chosen = rows(paths)
    figures, lines = overview(chosen)
    text = "\n".join(lines + [""] + table(chosen) + repeats(chosen)) + "\n"
    with open(stem + ".json", "w") as file:
        json.dump({"summary": figures, "phases": PHASES}, file, indent=1)
    with open(stem + ".md", "w") as file:
        file.write(text)
    print(text)
    return 1 if figures["apus"]["harmed"] else 0
