# shellcheck shell=bash
# Names and places of a lab, and how it complains.

LAB=${APUS_LAB:-lab}
LABS_DIR=${APUS_LAB_DIR:-/var/lib/apus-lab}
CACHE=${APUS_LAB_CACHE:-/var/cache/apus-lab}
STATE=$LABS_DIR/$LAB

# fail STATUS WHAT DO
fail() {
    echo "lab: $2" >&2
    [ -z "${3:-}" ] || echo "  $3" >&2
    exit "$1"
}

say() { echo "lab: $*" >&2; }

need_root() {
    [ "$(id -u)" = 0 ] || fail 2 "not root" "namespaces and libvirt hosts need root: sudo $LAB_SCRIPT …"
    [[ $LAB =~ ^[a-z0-9]{1,8}$ ]] || fail 64 "APUS_LAB is '$LAB'" "use 1 to 8 letters and digits"
}

need_lab() {
    [ -f "$STATE/hosts" ] || fail 2 "the lab '$LAB' is not up" "lab up"
}

need_tools() {
    local tool missing=()
    for tool in ip tc nft nsenter unshare libvirtd virtlogd virsh qemu-system-x86_64 qemu-img nasm sshd ssh-keygen \
        busybox cpio curl python3 openssl; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || missing+=("$tool")
    done
    getent passwd libvirt-qemu >/dev/null || missing+=("the user libvirt-qemu")
    [ ${#missing[@]} = 0 ] || fail 2 "missing: ${missing[*]}" \
        "apt-get install -y --no-install-recommends \$(grep -v '^#' $LAB_HOME/packages)"
}

# The hosts of this lab, a name a line.
hosts() { cat "$STATE/hosts"; }

known_host() {
    [ -n "$1" ] || fail 64 "which host?" "hosts: $(hosts | tr '\n' ' ')"
    grep -qx -- "$1" "$STATE/hosts" || fail 64 "no host $1 in the lab '$LAB'" "hosts: $(hosts | tr '\n' ' ')"
    printf '%s' "$1"
}

# await SECONDS WHAT COMMAND…: polls, because neither libvirtd nor sshd tells when it listens.
await() {
    local limit=$1 what=$2 deadline
    shift 2
    deadline=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}
