# shellcheck shell=bash
# Storage pools, and a GlusterFS volume that every host mounts.

pool_up() {
    local host=$1 name=$2 path=$3
    host_virsh "$host" pool-info "$name" >/dev/null 2>&1 ||
        host_virsh "$host" pool-define-as "$name" dir --target "$path" >/dev/null
    # Not into `grep -q`: it leaves at the first match, and the pipe then fails by whoever still writes.
    case $(host_virsh "$host" pool-info "$name") in
        *State:*running*) ;;
        *) host_virsh "$host" pool-start "$name" >/dev/null ;;
    esac
    host_virsh "$host" pool-autostart "$name" >/dev/null
}

pools_up() {
    pool_up "$1" default /var/lib/libvirt/images
    [ ! -f "$STATE/gluster" ] || pool_up "$1" shared /srv/shared
}

gluster_serves() { in_host host1 gluster --mode=script volume list; }
# Also where its server cannot be reached just now: the client of GlusterFS connects again by itself, within seconds.
shared_mounted() { in_host "$1" findmnt --mountpoint /srv/shared; }
shared_written() { in_host "$1" test -f /srv/shared/.lab; }

gluster_up() {
    local host
    command -v glusterd >/dev/null || fail 2 "glusterd is missing" "apt-get install -y glusterfs-server glusterfs-client"
    daemon_lives host1 glusterd.pid || in_host host1 glusterd -p /run/glusterd.pid
    await 30 glusterd gluster_serves || fail 1 "glusterd on host1 does not answer" "see $STATE/host1/glusterlog"
    if ! gluster_serves | grep -qx shared; then
        mkdir -p "$STATE/brick"
        in_host host1 gluster --mode=script volume create shared "host1:$STATE/brick" force >/dev/null
        in_host host1 gluster --mode=script volume set shared storage.owner-uid 0 >/dev/null
    fi
    in_host host1 gluster --mode=script volume start shared >/dev/null 2>&1 || true
    for host in $(hosts); do
        shared_mounted "$host" ||
            in_host "$host" glusterfs --volfile-server=host1 --volfile-id=shared /srv/shared
        await 20 mount shared_mounted "$host" || fail 1 "GlusterFS is not mounted on $host" "see $STATE/$host/glusterlog"
    done
    in_host host1 touch /srv/shared/.lab
    for host in $(hosts); do
        await 10 GlusterFS shared_written "$host" || fail 1 "$host does not see host1's files" "see $STATE/$host/glusterlog"
    done
    touch "$STATE/gluster"
}

# A block device in a host's own /dev, backed by a file of that host's.
lab_block() {
    local verb=${1:-} host name=${3:-} file device
    host=$(known_host "${2:-}")
    [[ $name =~ ^[a-z][a-z0-9]{0,20}$ ]] || fail 64 "a block device needs a name" "lab block $verb HOST NAME"
    file=$STATE/$host/block-$name
    case $verb in
        add)
            [ "${4:-}" = --size ] && [[ ${5:-} =~ ^[0-9]+[KMG]?$ ]] || fail 64 "lab block add HOST NAME --size SIZE" "such as 64M"
            [ ! -e "$file" ] || fail 1 "$host has /dev/$name already" "lab block remove $host $name"
            truncate -s "$5" "$file"
            device=$(losetup --find --show "$file") || fail 1 "no loop device" "modprobe loop"
            in_host "$host" mknod -m 660 "/dev/$name" b $(stat -c '0x%t 0x%T' "$device") ||
                fail 1 "no node for $device on $host" ""
            ;;
        remove)
            losetup -n -O NAME -j "$file" | xargs -r -n1 losetup -d
            in_host "$host" rm -f "/dev/$name"
            rm -f "$file"
            ;;
        *) fail 64 "lab block what?" "lab block add HOST NAME --size SIZE, or lab block remove HOST NAME" ;;
    esac
}

# A filesystem of its own for a host's images, so that it can be full while this machine is not.
lab_room() {
    local host
    host=$(known_host "${1:-}")
    if [ "${2:-}" = --remove ]; then
        in_host "$host" umount /var/lib/libvirt/images
        lab_block remove "$host" room
        host_virsh "$host" pool-refresh default >/dev/null
        return
    fi
    [ "${2:-}" = --size ] || fail 64 "lab room HOST --size SIZE, or --remove" "such as 256M"
    if in_host "$host" mountpoint -q /var/lib/libvirt/images; then
        say "$host has room of its own already"
        return
    fi
    [ -z "$(ls "$STATE/$host/lib/images")" ] || fail 1 "$host has images already" "lab guest remove, then again"
    lab_block add "$host" room --size "${3:-}"
    mkfs.ext4 -q -m 0 "$STATE/$host/block-room"
    in_host "$host" mount /dev/room /var/lib/libvirt/images
    in_host "$host" rmdir /var/lib/libvirt/images/lost+found
    host_virsh "$host" pool-refresh default >/dev/null
}

# Takes all that is free where a host's images lie, or gives it back.
lab_fill() {
    local host
    host=$(known_host "${1:-}")
    in_host "$host" mountpoint -q /var/lib/libvirt/images ||
        fail 2 "the images of $host lie on this machine's own filesystem" "lab room $host --size 256M, then again"
    case ${2:-} in
        '')
            # In one piece as far as the filesystem allows, then what is left beside it.
            in_host "$host" bash -c 'cd /var/lib/libvirt/images
                fallocate -l "$(df --output=avail -B1 . | tail -n 1)" .filled
                dd if=/dev/zero of=.filled bs=4K oflag=append conv=notrunc' 2>/dev/null || true
            ;;
        --free) in_host "$host" rm -f /var/lib/libvirt/images/.filled ;;
        *) fail 64 "lab fill HOST [--free]" "" ;;
    esac
}
