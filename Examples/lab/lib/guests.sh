# shellcheck shell=bash
# Guests: what kinds there are, where their files lie, and how one is added, found and removed.

guest_file() { printf '%s/guests/%s' "$STATE" "$1"; }

known_guest() {
    [ -f "$(guest_file "${1:-}")" ] || fail 64 "no guest '${1:-}' in the lab '$LAB'" "guests: $(ls "$STATE/guests")"
}

# The host that runs the guest; failing that, one that has its definition.
guest_place() {
    local host wanted
    for wanted in 'running|paused' '.'; do
        for host in $(hosts); do
            if anchor_lives "$host" && host_virsh "$host" domstate "$1" 2>/dev/null | grep -qE "$wanted"; then
                printf '%s' "$host"
                return
            fi
        done
    done
    return 1
}

guest_host() { known_guest "$1"; guest_place "$1" || fail 1 "no host has $1" "lab guest remove $1, then add it again"; echo; }
guest_address() { known_guest "$1"; sed -n 's/^address=//p' "$(guest_file "$1")"; }

guest_add() {
    local name=${1:-} kind='' host=host1 accel=auto memory='' data=0 rate=0 size=100 disk_size=64M disk_rate=0 disk_on=local
    local format=raw firmware=bios tpm=no agent='' start=yes paused=no devices=''
    local cpu="<cpu mode='custom' match='exact' check='none'><model fallback='allow'>qemu64</model></cpu>"
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$ ]] || fail 64 "a guest needs a name" "lab guest add NAME --kind KIND"
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --tpm) tpm=yes; shift; continue ;;
            --agent) agent=agent; shift; continue ;;
            --no-start) start=no; shift; continue ;;
            --paused) paused=yes; shift; continue ;;
        esac
        [ $# -ge 2 ] || fail 64 "$1 needs a value" "lab --help"
        case $1 in
            --kind) kind=$2 ;; --on) host=$(known_host "$2") ;; --accel) accel=$2 ;; --memory) memory=$2 ;;
            --data) data=$2 ;; --dirty-rate) rate=$2 ;; --dirty-size) size=$2 ;; --disk-size) disk_size=$2 ;;
            --disk-rate) disk_rate=$2 ;; --disk-on) disk_on=$2 ;; --disk-format) format=$2 ;; --firmware) firmware=$2 ;;
            --device) devices+="    $2"$'\n' ;; --cpu) cpu=$2 ;;
            *) fail 64 "unknown option $1" "lab --help lists them" ;;
        esac
        shift 2
    done
    if [ -f "$(guest_file "$name")" ] && guest_place "$name" >/dev/null; then
        say "guest $name is there already, on $(guest_place "$name")"
        return
    fi
    check_guest_options
    choose_accelerator
    local number=1 mac address
    while grep -qsx "number=$number" "$STATE/guests"/*; do number=$((number + 1)); done
    address=198.51.100.$((100 + number))
    mac=$(printf '52:54:00:1a:b0:%02x' "$number")
    printf '%s\n' "kind=$kind" "number=$number" "address=$address" "accel=$accel" "disk_on=$disk_on" "format=$format" \
        >"$(guest_file "$name")"
    make_disk
    definition >"$STATE/$name.xml"
    host_virsh "$host" define "$STATE/$name.xml" >/dev/null
    rm -f "$STATE/$name.xml"
    say "guest $name ($kind) on $host under $accel"
    [ "$start" = yes ] || return 0
    guest_start "$name" --on "$host"
    [ "$paused" = no ] || host_virsh "$host" suspend "$name" >/dev/null
}

check_guest_options() {
    local number
    case $kind in
        web) memory=${memory:-$((384 + data * 3 / 2))} ;;
        dirty | idle | echo | disk) memory=${memory:-256} ;;
        *) fail 64 "unknown kind '$kind'" "web, dirty, idle, echo or disk" ;;
    esac
    for number in "$memory" "$data" "$rate" "$size" "$disk_rate"; do
        [[ $number =~ ^[0-9]{1,6}$ ]] || fail 64 "'$number' is not a number of MiB" "such as 256"
    done
    [ "$kind" != dirty ] || [ "$size" -lt $((memory - 8)) ] || fail 64 "--dirty-size $size of $memory MiB" "leave 8 MiB free"
    # One call of the BIOS takes 127 sectors at the most, a hundred times a second.
    [ "$disk_rate" -le 6 ] || fail 64 "--disk-rate $disk_rate" "6 MiB/s at the most"
    [ "$disk_rate" = 0 ] || [ "$kind-$firmware" = disk-bios ] || fail 64 "--disk-rate for $kind with $firmware" "only disk guests with a BIOS"
    case $accel in auto | kvm | tcg) ;; *) fail 64 "--accel $accel" "auto, kvm or tcg" ;; esac
    case $disk_on in local) ;; shared) [ -f "$STATE/gluster" ] || fail 2 "this lab has no shared storage" "lab up --shared gluster" ;; *) fail 64 "--disk-on $disk_on" "local or shared" ;; esac
    case $format in raw | qcow2) ;; *) fail 64 "--disk-format $format" "raw or qcow2" ;; esac
    case $firmware in bios | uefi) ;; *) fail 64 "--firmware $firmware" "bios or uefi" ;; esac
}

choose_accelerator() {
    local what=linux
    case $kind-$firmware in dirty-* | idle-* | echo-* | disk-bios) what=boot ;; esac
    case $accel in
        tcg) return ;;
        kvm) kvm_runs "$what" || fail 2 "KVM does not run a guest of kind $kind here" "--accel tcg or auto" ;;
        auto) if kvm_runs "$what"; then accel=kvm; else accel=tcg; fi ;;
    esac
}

disk_path() {
    if [ "$disk_on" = shared ]; then printf '/srv/shared/%s.%s' "$name" "$format"
    else printf '/var/lib/libvirt/images/%s.%s' "$name" "$format"; fi
}

make_disk() {
    [ "$kind" = disk ] || return 0
    in_host "$host" qemu-img create -q -f "$format" "$(disk_path)" "$disk_size"
}

definition() {
    local type=qemu machine=pc
    [ "$accel" = tcg ] || type=kvm
    [ "$firmware" = bios ] || machine=q35
    cat <<XML
<domain type='$type'>
  <name>$name</name>
  <memory unit='MiB'>$memory</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='$machine'>hvm</type>
$(boot_elements)
  </os>
  <features><acpi/></features>
  $cpu
  <on_reboot>restart</on_reboot>
  <devices>
$(disk_elements)
$(interface_element)
    <serial type='file'><source path='/var/log/libvirt/qemu/$name.serial' append='on'/></serial>
$([ "$tpm" = no ] || echo "    <tpm model='tpm-tis'><backend type='emulator' version='2.0'/></tpm>")
$([ -z "$agent" ] || echo "    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>")
    <memballoon model='none'/>
$devices  </devices>
</domain>
XML
}

interface_element() {
    local model
    case $kind in
        web | disk) model=virtio ;;
        echo) model=ne2k_pci ;;
        *) return ;;
    esac
    echo "    <interface type='bridge'><mac address='$mac'/><source bridge='br0'/><model type='$model'/></interface>"
}

boot_elements() {
    if [ "$firmware" = uefi ]; then
        echo "    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
        echo "    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'/>"
    fi
    case $kind-$firmware in
        web-* | disk-uefi)
            echo "    <kernel>$(kernel_image)</kernel>"
            echo "    <initrd>$(initramfs_image $agent)</initrd>"
            echo "    <cmdline>console=ttyS0 quiet panic=1 lab.kind=$kind lab.address=$address lab.data=$data</cmdline>"
            ;;
    esac
}

# read_only_disk PATH [TARGET] [ELEMENT]: needs no sharing, its file is the same one on every host of the lab.
read_only_disk() {
    echo "    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$1'/><target dev='${2:-vda}' bus='virtio'/>${3:-}<readonly/></disk>"
}

disk_elements() {
    case $kind in
        idle) read_only_disk "$(boot_image touch PAGES=0 CHUNK=0)" ;;
        echo) read_only_disk "$(boot_image echo NUMBER="$number")" ;;
        dirty) read_only_disk "$(boot_image touch PAGES=$((size * 256)) CHUNK=$((rate * 256 / 100)))" ;;
        web) [ "$data" = 0 ] || read_only_disk "$(data_image "$data")" ;;
        disk)
            # directsync: what the guest wrote is on the disk, also in the tables of a qcow2 image. The BIOS serves only disks
            # that it may boot from; UEFI runs no boot sector, so Linux writes the records there.
            echo "    <disk type='file' device='disk'><driver name='qemu' type='$format' cache='directsync'/><source file='$(disk_path)'/><target dev='vda' bus='virtio'/><boot order='2'/></disk>"
            [ "$firmware" = uefi ] || read_only_disk "$(boot_image records CHUNK=$((disk_rate * 2048 / 100)))" vdz "<boot order='1'/>"
            ;;
    esac
}

guest_start() {
    local name=${1:-} host kind address
    known_guest "$name"
    if [ "${2:-}" = --on ]; then host=$(known_host "${3:-}"); else host=$(guest_place "$name"); fi
    kind=$(sed -n 's/^kind=//p' "$(guest_file "$name")")
    address=$(guest_address "$name")
    [ "$(host_virsh "$host" domstate "$name" | head -n 1)" = running ] || host_virsh "$host" start "$name" >/dev/null
    case $kind in
        web) await 90 web answers "$address" || fail 1 "$name does not answer on http://$address/" "its console: $STATE/$host/log/qemu/$name.serial" ;;
        disk) await 90 records grep -aq '^R\|ready' "$STATE/$host/log/qemu/$name.serial" || fail 1 "$name writes no records" "its console: $STATE/$host/log/qemu/$name.serial" ;;
        *) await 40 guest grep -aq '[R.]' "$STATE/$host/log/qemu/$name.serial" || fail 1 "$name does not run" "its console: $STATE/$host/log/qemu/$name.serial" ;;
    esac
}

answers() { in_host clients curl -sf -m 2 -o /dev/null "http://$1/512k"; }

guest_remove() {
    local name=${1:-} host
    known_guest "$name"
    for host in $(hosts); do
        anchor_lives "$host" || continue
        host_virsh "$host" destroy "$name" >/dev/null 2>&1 || true
        host_virsh "$host" undefine --nvram --managed-save --snapshots-metadata "$name" >/dev/null 2>&1 ||
            host_virsh "$host" undefine "$name" >/dev/null 2>&1 || true
        rm -f "$STATE/$host/log/qemu/$name.serial"
        [ ! -f "$STATE/gluster" ] || await 20 GlusterFS shared_written "$host" || true
        in_host "$host" rm -f {/srv/shared,/var/lib/libvirt/images}/"$name".{raw,qcow2}
    done
    rm -f "$(guest_file "$name")"
    say "guest $name is gone"
}
