# shellcheck shell=bash
# A host: an anchor process that holds its namespaces, and the daemons in them.

anchor() { cat "$STATE/$1/anchor" 2>/dev/null; }

# Whether the anchor lives and is ours: its network namespace is the host's.
anchor_lives() {
    local pid
    pid=$(anchor "$1") && [ -n "$pid" ] &&
        [ "$(stat -L -c %i "/proc/$pid/ns/net" 2>/dev/null)" = "$(stat -c %i "/run/netns/$(namespace "$1")" 2>/dev/null)" ]
}

in_host() {
    local name=$1 pid
    shift
    anchor_lives "$name" || fail 2 "$name is down" "lab up"
    pid=$(anchor "$name")
    exec_in "$pid" "$@"
}

exec_in() {
    local pid=$1
    shift
    nsenter -t "$pid" -n -m -u --wd=/ -- "$@"
}

host_uri() { printf 'qemu+unix:///system?socket=%s/%s/run/libvirt/libvirt-sock' "$STATE" "$1"; }
host_virsh() { local host=$1; shift; virsh -q -c "$(host_uri "$host")" "$@"; }

lab_up() {
    local count=2 shared=none host number
    while [ $# -gt 0 ]; do
        case $1 in
            --hosts) count=${2:-}; shift 2 ;;
            --shared) shared=${2:-}; shift 2 ;;
            *) fail 64 "unknown option $1" "lab up [--hosts N] [--shared none|gluster]" ;;
        esac
    done
    [[ $count =~ ^[1-9][0-9]?$ ]] && [ "$count" -le 20 ] || fail 64 "--hosts $count" "1 to 20"
    case $shared in none | gluster) ;; *) fail 64 "--shared $shared" "none or gluster" ;; esac
    need_tools
    mkdir -p "$STATE/guests" "$CACHE"
    touch "$STATE/hosts"
    # A second `up` never takes hosts away; `down` does.
    for ((number = 1; number <= count; number++)); do
        grep -qx "host$number" "$STATE/hosts" || echo "host$number" >>"$STATE/hosts"
    done
    keys_up
    switch_up
    for host in clients $(hosts); do
        network_up "$host"
        anchor_lives "$host" || start_anchor "$host"
    done
    for host in $(hosts); do start_daemons "$host"; done
    for host in $(hosts); do await_host "$host" & done
    for host in $(hosts); do await_host "$host"; done
    keep_capabilities
    [ "$shared" = none ] || gluster_up
    for host in $(hosts); do pools_up "$host"; done
    say "the lab '$LAB' is up: $(hosts | tr '\n' ' ')(apus hosts --inventory \$($LAB_SCRIPT inventory))"
}

keys_up() {
    local keys=$STATE/keys name
    mkdir -p "$keys"
    [ -f "$keys/id_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -C "lab-$LAB" -f "$keys/id_ed25519"
    [ -f "$keys/host_ed25519" ] || ssh-keygen -q -t ed25519 -N '' -C "lab-$LAB" -f "$keys/host_ed25519"
    : >"$keys/names"
    printf '127.0.0.1 localhost\n' >>"$keys/names"
    : >"$keys/known_hosts"
    for name in clients $(hosts); do
        printf '%s %s %s.lab\n' "$(migration_address "$name")" "$name" "$name" >>"$keys/names"
        printf '%s,%s.lab,%s %s\n' "$name" "$name" "$(migration_address "$name")" \
            "$(cut -d' ' -f1,2 "$keys/host_ed25519.pub")" >>"$keys/known_hosts"
    done
    cp "$keys/id_ed25519.pub" "$keys/authorized_keys"
    [ -f "$keys/cacert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj "/CN=lab-$LAB" -addext keyUsage=critical,keyCertSign -keyout "$keys/cakey.pem" -out "$keys/cacert.pem" 2>/dev/null
}

start_anchor() {
    local name=$1 dir=$STATE/$1
    mkdir -p "$dir"/{etc,lib/images,log/qemu,cache,run,dev,ssh,pki,glusterd,glusterlog}
    rm -rf "${dir:?}/run"/*
    cp "$STATE/keys"/{id_ed25519,known_hosts} "$dir/ssh/"
    printf '%s\n' 'BatchMode yes' 'ConnectTimeout 5' >"$dir/ssh/config"
    chmod 700 "$dir/ssh"; chmod 600 "$dir/ssh"/*
    [ "$name" = clients ] || { write_configuration "$name"; write_certificates "$name"; }
    # What libvirt found out about QEMU takes it 8 s; it checks by itself whether that still holds.
    [ ! -d "$CACHE/capabilities" ] || cp -a "$CACHE/capabilities/." "$dir/cache/"
    printf '%s' "$LAB $name" | md5sum | cut -c1-32 >"$dir/machine-id"
    setsid ip netns exec "$(namespace "$name")" unshare -m -u --propagation private \
        bash "$LAB_HOME/lib/anchor.sh" "$name" "$STATE" </dev/null >"$dir/anchor.log" 2>&1 &
    # The anchor writes its pid once its mounts are done.
    rm -f "$dir/anchor"
    await 10 anchor test -s "$dir/anchor" || fail 1 "$name did not start" "see $dir/anchor.log: $(tail -n 2 "$dir/anchor.log")"
}

write_configuration() {
    local name=$1 etc=$STATE/$1/etc
    cp -a /etc/libvirt/. "$etc/"
    rm -rf "$etc/qemu/networks/autostart" "$etc/qemu/autostart"
    cat >"$etc/libvirtd.conf" <<CONF
listen_tls = 1
listen_tcp = 1
auth_tcp = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
host_uuid = "$(printf '%s %s' "$LAB" "$name" | md5sum | sed -E 's/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/\1-\2-\3-\4-\5/')"
CONF
    cat >"$etc/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
namespaces = []
remember_owner = 0
swtpm_user = "root"
swtpm_group = "root"
migration_host = "$(migration_address "$name")"
migrate_tls_x509_cert_dir = "/etc/pki/qemu"
migrate_tls_x509_verify = 1
CONF
}

daemon_lives() {
    local file=$STATE/$1/run/$2 pid
    pid=$(cat "$file" 2>/dev/null) && [ -n "$pid" ] &&
        [ "$(stat -L -c %i "/proc/$pid/ns/net" 2>/dev/null)" = "$(stat -c %i "/run/netns/$(namespace "$1")")" ]
}

start_daemons() {
    local host=$1
    daemon_lives "$host" virtlogd.pid || in_host "$host" virtlogd -d
    daemon_lives "$host" libvirtd.pid || in_host "$host" libvirtd -d --listen
    daemon_lives "$host" sshd.pid || in_host "$host" /usr/sbin/sshd -f "$STATE/$host/sshd_config" -E "$STATE/$host/log/sshd.log"
}

await_host() {
    local host=$1
    await 20 libvirtd host_virsh "$host" version ||
        fail 1 "libvirtd on $host does not answer" "see $STATE/$host/log/libvirtd.log: $(tail -n 2 "$STATE/$host/log/libvirtd.log")"
}

keep_capabilities() {
    [ ! -d "$CACHE/capabilities" ] || return 0
    cp -a "$STATE/host1/cache" "$CACHE/capabilities.$$"
    mv "$CACHE/capabilities.$$" "$CACHE/capabilities"
}

lab_inventory() {
    local host file=$STATE/fleet.yaml
    [ "${1:-}" != --ssh ] || file=$STATE/fleet-ssh.yaml
    {
        echo "hosts:"
        for host in $(hosts); do
            echo "  $host:"
            if [ "${1:-}" = --ssh ]; then
                echo "    uri: qemu+ssh://$host/system"
                echo "    migration-address: $(migration_address "$host")"
            else
                echo "    uri: $(host_uri "$host")"
                echo "    peer-uri: qemu+tcp://$(migration_address "$host")/system"
                echo "    migration-address: $(migration_address "$host")"
                echo "    remote-shell: [env, APUS_LAB=$LAB, APUS_LAB_DIR=$LABS_DIR, $LAB_SCRIPT, exec, $host]"
                echo "    peer-shell: [ssh, $host]"
            fi
            echo "    apus: ${APUS_BINARY:-$(readlink -f "${LAB_SCRIPT%/*}/../..")/.build/debug/apus}"
        done
    } >"$file.new"
    mv "$file.new" "$file"
    echo "$file"
}

lab_status() {
    local host
    for host in $(hosts); do
        if anchor_lives "$host" && host_virsh "$host" list --all >"$STATE/listing" 2>/dev/null; then
            echo "$host  $(migration_address "$host")  up"
            sed -n 's/^/  /p' "$STATE/listing"
        else
            echo "$host  down"
        fi
    done
    if kvm_runs boot; then echo "KVM runs boot-sector guests here"; else echo "KVM does not run guests here: TCG"; fi
}

# The kernel's memory controller, in its old hierarchy or in the new one, and how a limit is called there.
memory_group() { if [ -d /sys/fs/cgroup/memory ]; then printf '/sys/fs/cgroup/memory/%s' "$(namespace "$1")"; else printf '/sys/fs/cgroup/%s' "$(namespace "$1")"; fi; }
memory_limit() { if [ -d /sys/fs/cgroup/memory ]; then printf memory.limit_in_bytes; else printf memory.max; fi; }

# What the QEMUs of a host may take from now on, beyond what they have; past it the kernel kills them.
lab_memory() {
    local host group file
    host=$(known_host "${1:-}")
    group=$(memory_group "$host")
    case ${2:-} in
        --limit)
            [[ ${3:-} =~ ^[0-9]{1,6}$ ]] || fail 64 "--limit '${3:-}'" "a number of MiB, such as 8"
            mkdir -p "$group" && echo $(($3 << 20)) >"$group/$(memory_limit)" ||
                fail 1 "no memory limit could be set for $host" "the kernel needs the memory controller at /sys/fs/cgroup"
            for file in "$STATE/$host/run/libvirt/qemu"/*.pid; do
                case $file in */driver.pid) ;; *) cat "$file" >"$group/cgroup.procs" 2>/dev/null || true ;; esac
            done
            ;;
        --free) memory_free "$host" ;;
        *) fail 64 "lab memory HOST --limit MiB, or --free" "" ;;
    esac
}

memory_free() {
    local group pid
    group=$(memory_group "$1")
    [ -d "$group" ] || return 0
    for pid in $(cat "$group/cgroup.procs"); do echo "$pid" >"$(dirname "$group")/cgroup.procs" 2>/dev/null || true; done
    rmdir "$group"
}

# Every process whose network namespace is one of this lab's: by what it is, never by its name.
lab_processes() {
    local inodes pid
    inodes=" $(stat -c %i /run/netns/"$LAB"-* 2>/dev/null | tr '\n' ' ')"
    [ "$inodes" != " " ] || return 0
    for pid in /proc/[0-9]*; do
        [[ $inodes == *" $(stat -L -c %i "$pid/ns/net" 2>/dev/null || echo none) "* ]] && echo "${pid#/proc/}"
    done
    return 0
}

no_processes() { [ -z "$(lab_processes)" ]; }

lab_down() {
    local name file
    if [ "${1:-}" = --all ]; then
        for name in "$LABS_DIR"/*/; do
            [ ! -d "$name" ] || APUS_LAB=$(basename "$name") "$LAB_SCRIPT" down
        done
        return
    fi
    # shellcheck disable=SC2046 # one word a process is what is wanted
    kill -TERM $(lab_processes) 2>/dev/null || true
    await 2 processes no_processes || true
    # shellcheck disable=SC2046
    kill -KILL $(lab_processes) 2>/dev/null || true
    await 10 processes no_processes || fail 1 "processes do not end: $(lab_processes | tr '\n' ' ')" "look at them with ps"
    for name in $(cat "$STATE/hosts" 2>/dev/null); do memory_free "$name"; done
    for file in /run/netns/"$LAB"-*; do
        [ ! -e "$file" ] || ip netns delete "$(basename "$file")"
    done
    losetup -l -n -O NAME,BACK-FILE 2>/dev/null | awk -v dir="$STATE/" 'index($2, dir) == 1 { print $1 }' |
        xargs -r -n1 losetup -d
    rm -rf --one-file-system "$STATE"
    rmdir "$LABS_DIR" 2>/dev/null || true
    say "the lab '$LAB' is down"
}
