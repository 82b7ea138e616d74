# Settings, messages, waiting and locking: what every other part uses.
# shellcheck shell=bash

LAB=${APUS_LAB:-lab}
LAB_ROOT=${APUS_LAB_DIR:-/var/lib/apus-lab}
CACHE=${APUS_LAB_CACHE:-/var/cache/apus-lab}
STATE=$LAB_ROOT/$LAB

say() { printf '%s\n' "$*"; }

# fail WHAT [WHAT-TO-DO]: one failure, where it happened, and the way out.
fail() {
    printf 'lab %s: %s\n' "$LAB" "$1" >&2
    if [ $# -gt 1 ]; then printf '  try: %s\n' "$2" >&2; fi
    exit 1
}

usage() {
    printf 'lab: %s\n  try: lab --help\n' "$1" >&2
    exit 64
}

check_settings() {
    [[ $LAB =~ ^[a-z][a-z0-9-]{0,23}$ ]] ||
        usage "APUS_LAB is '$LAB': use a lower-case letter, then up to 23 letters, digits or '-'"
    [[ $LAB_ROOT == /* && $CACHE == /* ]] ||
        usage "APUS_LAB_DIR and APUS_LAB_CACHE have to be absolute paths"
    [ ${#STATE} -le 60 ] ||
        usage "the path $STATE is too long: UNIX sockets below it would pass 108 characters"
}

need_root() {
    [ "$(id -u)" = 0 ] || fail "this command needs root" "sudo $LAB_HOME/lab …"
}

# need_tools TOOL…: names every missing tool at once.
need_tools() {
    local tool missing=()
    for tool; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} = 0 ] && return
    fail "missing on this machine: ${missing[*]}" \
        "apt-get install \$(grep -v '^#' $LAB_HOME/packages)"
}

# The monotonic-enough clock of bash in milliseconds.
now_ms() { printf '%s' $((${EPOCHREALTIME/[.,]/} / 1000)); }

# wait_until SECONDS COMMAND…: polls every 50 ms; false when the time is over.
wait_until() {
    local end
    end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(now_ms)" -lt "$end" ] || return 1
        sleep 0.05
    done
}

# The last lines of a log, indented, for an error message.
log_tail() {
    [ -s "$1" ] || return 0
    printf '  end of %s:\n' "$1" >&2
    tail -n "${2:-8}" -- "$1" | tr -d '\r\000' | sed 's/^/    /' >&2
}

# One command at a time changes a lab. Children must not inherit the lock: start them with 9>&-.
lock_lab() {
    mkdir -p "$STATE"
    exec 9>"$LAB_ROOT/.$LAB.lock"
    flock -w 120 9 || fail "another lab command has held the lock for two minutes" \
        "look for it: fuser $LAB_ROOT/.$LAB.lock"
}

# lives PIDFILE NETNS: the process of the file exists and is in that namespace (a pid may have been reused).
lives() {
    local pid
    [ -s "$1" ] || return 1
    read -r pid <"$1" || [ -n "${pid:-}" ] || return 1
    [[ $pid =~ ^[0-9]+$ ]] && [ "/proc/$pid/ns/net" -ef "/run/netns/$2" ]
}

check_settings
