# shellcheck shell=bash
# What a client of a guest notices while something is done to the guest.

# lab_watch [--pings FILE] NAME COMMAND…: one line of figures on standard output, the command's own output on standard error.
lab_watch() {
    local pings='' name address kind dir status=0 pinger downloader=''
    if [ "${1:-}" = --pings ]; then pings=${2:-} && shift 2; fi
    name=${1:-}
    known_guest "$name"
    kind=$(sed -n 's/^kind=//p' "$(guest_file "$name")")
    case $kind in web | echo) ;; *) fail 64 "$name is of kind $kind: it answers nobody" "a guest of kind web or echo" ;; esac
    shift
    address=$(guest_address "$name")
    [ "$kind" = echo ] || answers "$address" || fail 1 "$name does not answer on http://$address/" "lab guest start $name"
    dir=$(mktemp -d "$STATE/watch.XXXXXX")
    stdbuf -oL nsenter -t "$(anchor clients)" -n ping -n -D -i 0.002 "$address" >"$dir/pings" 2>&1 &
    pinger=$!
    : >"$dir/downloads"
    if [ "$kind" = web ]; then
        downloads "$address" "$dir" &
        downloader=$!
    fi
    await 5 pings grep -q 'icmp_seq=20 ' "$dir/pings" || fail 1 "no answer to pings from $name" "see $dir/pings"
    "$@" >&2 || status=$?
    # The switch and its tables settle within this time; a gap that opens right after the command is seen too.
    sleep 1
    touch "$dir/stop"
    kill -TERM "$pinger" 2>/dev/null || true
    wait "$pinger" 2>/dev/null || true
    [ -z "$downloader" ] || wait "$downloader" 2>/dev/null || true
    figures "$dir"
    [ -z "$pings" ] || cp "$dir/pings" "$pings"
    rm -rf "$dir"
    return $status
}

# One download after the other: time and size of each.
downloads() {
    until [ -e "$2/stop" ]; do
        exec_in "$(anchor clients)" curl -s -m 20 -o /dev/null -w '%{http_code} %{size_download} %{time_total}\n' \
            "http://$1/512k" >>"$2/downloads" || true
    done
}

figures() {
    awk '
        FILENAME ~ /pings$/ && /icmp_seq/ {
            time = substr($1, 2) + 0
            if (answered++ && time - before > gap) gap = time - before
            before = time
            sequence = $0
            sub(/.*icmp_seq=/, "", sequence)
            if (sequence + 0 > sent) sent = sequence + 0
        }
        FILENAME ~ /downloads$/ {
            if ($1 == 200 && $2 == 524288) { good++; if ($3 > slowest) slowest = $3 } else bad++
        }
        END {
            printf "longest_gap_ms=%.1f pings=%d answered=%d downloads=%d failed=%d slowest_download_ms=%.0f\n",
                gap * 1000, sent, answered, good, bad, slowest * 1000
        }' "$1/pings" "$1/downloads"
}
