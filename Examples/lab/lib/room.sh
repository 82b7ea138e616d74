#!/bin/bash
# The first process in a new host: it gives the host its own directories, then holds the namespaces open.
# Started inside the network, mount and UTS namespaces:  room.sh STATE-OF-THE-LAB ROOM
set -euo pipefail
state=$1 room=$2
own=$state/$room

mount --make-rprivate /
printf '%s' "$room" >/proc/sys/kernel/hostname
# A sysfs of this network namespace; without the machine's cgroups, so libvirt leaves those alone.
mount -t sysfs sysfs /sys

# /dev: device nodes as on the machine, and room for block devices that only this host has.
mkdir -p "$own/dev"
mount -t tmpfs -o mode=755,size=16m dev "$own/dev"
nodes=()
cd /dev
for node in null zero full random urandom tty console kmsg hwrng fuse kvm loop-control loop[0-9]* net/tun \
    vhost-net fd stdin stdout stderr; do
    if [ -e "$node" ] || [ -L "$node" ]; then nodes+=("$node"); fi
done
cp -a --parents "${nodes[@]}" "$own/dev"
cd /
mkdir -p "$own/dev/pts" "$own/dev/shm" "$own/dev/mapper"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$own/dev/pts"
ln -s pts/ptmx "$own/dev/ptmx"
mount -t tmpfs shm "$own/dev/shm"
mount --rbind "$own/dev" /dev

# bind NAME PATH: the directory (or file) NAME of this host appears at PATH. Missing mount points are made.
bind() {
    if [ -d "$own/$1" ]; then mkdir -p "$2"; else [ -e "$2" ] || : >"$2"; fi
    mount --bind "$own/$1" "$2"
}
bind ssh /root/.ssh
bind hosts /etc/hosts
if [ "$room" != clients ]; then
    bind machine-id /etc/machine-id
    mkdir -p /srv/shared
    for pair in etc-libvirt:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt \
        glusterd:/var/lib/glusterd gluster-log:/var/log/glusterfs; do
        bind "${pair%%:*}" "${pair#*:}"
    done
    bind run /run
fi

echo $$ >"$own/holder.pid"
: >"$own/ready"
exec sleep infinity
