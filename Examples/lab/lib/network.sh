# shellcheck shell=bash
# The wires: a switch namespace with two bridges (migration, guests) and a pair of cables to every host.
# Nothing of it touches this machine's own network.

host_number() { printf '%s' "${1#host}"; }
migration_address() { if [ "$1" = clients ]; then printf 192.0.2.1; else printf '192.0.2.%d' $((10 + $(host_number "$1"))); fi; }

namespace() { printf '%s-%s' "$LAB" "$1"; }
namespace_exists() { [ -e "/run/netns/$(namespace "$1")" ]; }
in_switch() { ip netns exec "$(namespace net)" "$@"; }
in_network() { local name=$1; shift; ip netns exec "$(namespace "$name")" "$@"; }

switch_up() {
    namespace_exists net || ip netns add "$(namespace net)"
    local bridge
    for bridge in mig pub; do
        in_switch ip link show "$bridge" >/dev/null 2>&1 || in_switch ip link add "$bridge" type bridge forward_delay 0
        in_switch ip link set "$bridge" up
    done
}

# cable NAME BRIDGE DEVICE: one end in the switch as BRIDGE-NAME, the other in NAME as DEVICE.
cable() {
    local name=$1 bridge=$2 device=$3 port=$2-$1
    if ! in_switch ip link show "$port" >/dev/null 2>&1; then
        ip link add "$port" netns "$(namespace net)" type veth peer name "$device" netns "$(namespace "$name")"
    fi
    in_switch ip link set "$port" master "$bridge" up
    in_network "$name" ip link set "$device" up
}

network_up() {
    local name=$1
    namespace_exists "$name" || ip netns add "$(namespace "$name")"
    in_network "$name" ip link set lo up
    cable "$name" mig eth0
    in_network "$name" ip addr replace "$(migration_address "$name")/24" dev eth0
    if [ "$name" = clients ]; then
        cable "$name" pub eth1
        in_network "$name" ip addr replace 198.51.100.1/24 dev eth1
    else
        in_network "$name" ip link show br0 >/dev/null 2>&1 ||
            in_network "$name" ip link add br0 type bridge forward_delay 0
        in_network "$name" ip link set br0 up
        cable "$name" pub pub0
        in_network "$name" ip link set pub0 master br0
    fi
}

lab_link() {
    local host part rules
    case ${1:-} in
        --rate)
            [[ ${2:-} =~ ^(none|[0-9]+(k|m|g)bit)$ ]] || fail 64 "rate '${2:-}'" "such as 400mbit, 1gbit or none"
            for host in $(hosts); do
                if [ "$2" = none ]; then
                    in_network "$host" tc qdisc del dev eth0 root 2>/dev/null || true
                else
                    in_network "$host" tc qdisc replace dev eth0 root tbf rate "$2" burst 1m latency 50ms
                fi
            done
            ;;
        --cut)
            host=$(known_host "${2%%:*}")
            part=both
            [[ $2 != *:* ]] || part=${2#*:}
            case $part in
                out) rules="iifname mig-$host drop" ;;
                in) rules="oifname mig-$host drop" ;;
                both) rules="iifname mig-$host drop; oifname mig-$host drop" ;;
                *) fail 64 "unknown direction '$part'" "HOST, HOST:in or HOST:out" ;;
            esac
            mend "$host"
            # In the switch, out of the hosts' sight: their link stays up, as with a real broken path.
            in_switch nft "table bridge cut_$host { chain forward { type filter hook forward priority 0; $rules; }; }" ||
                fail 1 "the link of $host could not be cut" "the kernel needs nf_tables with bridge support"
            ;;
        --mend) mend "$(known_host "${2:-}")" ;;
        *) fail 64 "lab link what?" "lab link --rate RATE, --cut HOST[:in|:out] or --mend HOST" ;;
    esac
}

mend() { in_switch nft delete table bridge "cut_$1" 2>/dev/null || true; }
