# Making hosts: their files, their namespaces, their daemons.
# shellcheck shell=bash

# Every namespace of a lab starts as a directory of the same layout.
room_files() {
    local room=$1 own=$STATE/$1
    mkdir -p "$own"/{ssh,run,log,lib,cache,etc-libvirt,glusterd,gluster-log}
    mkdir -p "$own"/log/guests "$own"/lib/images "$own"/run/{sshd,gluster,lock} \
        "$own"/etc-libvirt/{storage/autostart,qemu}
    chmod 700 "$own/ssh"
    [ -s "$own/machine-id" ] || tr -d - </proc/sys/kernel/random/uuid >"$own/machine-id"
    [ -s "$own/host-key" ] || ssh-keygen -q -t ed25519 -N '' -C "$room" -f "$own/host-key"
}

host_config() {
    local host=$1 own=$STATE/$1
    [ -s "$own/uuid" ] || cat /proc/sys/kernel/random/uuid >"$own/uuid"
    cat >"$own/etc-libvirt/libvirtd.conf" <<END
host_uuid = "$(cat "$own/uuid")"
listen_tls = 0
listen_tcp = 1
listen_addr = "0.0.0.0"
auth_tcp = "none"
auth_unix_rw = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
END
    cat >"$own/etc-libvirt/qemu.conf" <<END
user = "root"
group = "root"
swtpm_user = "root"
swtpm_group = "root"
security_driver = "none"
namespaces = []
remember_owner = 0
migration_host = "$(migration_address "$host")"
END
    cat >"$own/sshd_config" <<END
HostKey $own/host-key
PidFile /run/sshd.pid
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
MaxStartups 100
Subsystem sftp internal-sftp
END
    storage_pool "$host" default /var/lib/libvirt/images
}

# A directory pool, written where libvirtd reads it when it starts.
storage_pool() {
    local directory=$STATE/$1/etc-libvirt/storage
    cat >"$directory/$2.xml" <<END
<pool type='dir'>
  <name>$2</name>
  <target><path>$3</path></target>
</pool>
END
    ln -sfn "/etc/libvirt/storage/$2.xml" "$directory/autostart/$2.xml"
}

# Names and keys, the same everywhere: inside a host hostN is its migration address, for clients its management one.
write_names() {
    local room host own
    [ -s "$STATE/key" ] || ssh-keygen -q -t ed25519 -N '' -C "lab $LAB" -f "$STATE/key"
    for room in clients $(hosts); do
        own=$STATE/$room
        cp "$STATE/key" "$own/ssh/id_ed25519"
        cp "$STATE/key.pub" "$own/ssh/authorized_keys"
        # Rewritten in place: the file is bound over /etc/hosts.
        {
            echo "127.0.0.1 localhost"
            echo "$CLIENT_ADDRESS client"
            echo "$STORAGE_ADDRESS storage"
            for host in $(hosts); do
                if [ "$room" = clients ]; then
                    echo "$(management_address "$host") $host $host.lab"
                else
                    echo "$(migration_address "$host") $host $host.lab"
                fi
            done
        } >"$own/hosts"
        for host in $(hosts); do
            echo "$host,$host.lab,$(migration_address "$host"),$(management_address "$host")" \
                "$(cut -d' ' -f1,2 "$STATE/$host/host-key.pub")"
        done >"$own/ssh/known_hosts"
    done
}

# room_start NAME: namespaces with nothing in them but the process that holds them.
room_start() {
    local room=$1
    if room_lives "$room"; then return; fi
    rm -f "$STATE/$room/ready" "$STATE/$room/holder.pid"
    setsid nsenter --net="/run/netns/$(netns "$room")" unshare --mount --uts -- \
        "$LAB_HOME/lib/room.sh" "$STATE" "$room" </dev/null >"$STATE/$room/room.log" 2>&1 9>&- &
    wait_until 5 room_lives "$room" || {
        log_tail "$STATE/$room/room.log"
        fail "the namespaces of $room did not come up" "lab down, then lab up"
    }
}

# daemon HOST PIDFILE COMMAND…: starts it unless it runs; prints its name when it did.
daemon() {
    local host=$1 pidfile=$2 log=$STATE/$1/log/start.log
    shift 2
    if lives "$STATE/$host/run/$pidfile" "$(netns "$host")"; then return; fi
    rm -f "$STATE/$host/run/$pidfile"
    run_inside "$host" "$@" </dev/null >>"$log" 2>&1 || {
        log_tail "$log"
        fail "$1 did not start on $host" "lab down, then lab up"
    }
}

host_answers() { timeout 5 virsh -q -c "$(uri "$1")" uri >/dev/null 2>&1 9>&-; }

host_start() {
    local host=$1 own=$STATE/$1
    host_network "$host"
    host_config "$host"
    room_start "$host"
    daemon "$host" virtlogd.pid virtlogd -d
    daemon "$host" libvirtd.pid libvirtd -d --listen
    daemon "$host" sshd.pid "$(command -v sshd)" -f "$own/sshd_config" -E /var/log/libvirt/sshd.log
    wait_until 20 host_answers "$host" || {
        log_tail "$own/log/libvirtd.log"
        fail "libvirtd on $host does not answer" "lab exec $host virsh uri; lab down, then lab up"
    }
}

# What QEMU can do takes libvirt a second to find out; the answer of an earlier host is as good.
seed_capabilities() {
    local own=$STATE/$1
    [ -d "$CACHE/capabilities" ] && [ ! -d "$own/cache/qemu/capabilities" ] || return 0
    mkdir -p "$own/cache/qemu"
    cp -a "$CACHE/capabilities" "$own/cache/qemu/capabilities"
}

keep_capabilities() {
    [ ! -d "$CACHE/capabilities" ] || return 0
    on host1 domcapabilities --virttype qemu >/dev/null || return 0
    cp -a "$STATE/host1/cache/qemu/capabilities" "$CACHE/capabilities.$$" 2>/dev/null || return 0
    mv -T "$CACHE/capabilities.$$" "$CACHE/capabilities" 2>/dev/null || rm -rf "$CACHE/capabilities.$$"
}

command_up() {
    local count='' shared='' host number began failed='' jobs=()
    while [ $# -gt 0 ]; do
        case "$1" in
            --hosts) count=${2:-} ;;
            --shared) shared=${2:-} ;;
            *) usage "up does not know '$1'" ;;
        esac
        [ $# -ge 2 ] || usage "$1 needs a value"
        shift 2
    done
    need_root
    need_tools ip nsenter unshare virsh libvirtd virtlogd sshd ssh-keygen qemu-system-x86_64 qemu-img flock perl
    began=$(now_ms)
    lock_lab
    [ -n "$count" ] || count=$(hosts | wc -l)
    [ "$count" != 0 ] || count=2
    [[ $count =~ ^[0-9]+$ && $count -ge 1 && $count -le $MAX_HOSTS ]] ||
        usage "--hosts takes a number from 1 to $MAX_HOSTS, not '$count'"
    [[ ${shared:-none} =~ ^(none|gluster)$ ]] || usage "--shared takes none or gluster, not '$shared'"

    mkdir -p "$CACHE"
    chmod 711 "$LAB_ROOT" "$STATE"
    for ((number = 1; number <= count; number++)); do
        room_files "host$number"
        seed_capabilities "host$number"
    done
    room_files clients
    write_names
    lab_network
    room_start clients
    for host in $(hosts); do
        (host_start "$host") &
        jobs+=($!)
    done
    for number in "${jobs[@]}"; do
        wait "$number" || failed=yes
    done
    [ -z "$failed" ] || exit 1
    keep_capabilities
    if [ "$shared" = gluster ]; then gluster_up; fi
    write_inventories
    say "lab $LAB: $(hosts | wc -l) hosts up ($(hosts | tr '\n' ' ' | sed 's/ $//'))" \
        "in $(($(now_ms) - began)) ms${shared:+, shared storage: $shared}"
    say "inventory: $STATE/inventory.yaml"
}
