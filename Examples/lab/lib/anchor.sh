# shellcheck shell=bash
# Runs inside a host's new namespaces: gives it its own folders, then holds them open.
set -euo pipefail
name=$1
state=$2
dir=$state/$name

mount --make-rprivate /
hostname "$name"
mkdir -p /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /root/.ssh /etc/pki
for pair in etc:/etc/libvirt lib:/var/lib/libvirt log:/var/log/libvirt cache:/var/cache/libvirt ssh:/root/.ssh pki:/etc/pki \
    glusterd:/var/lib/glusterd glusterlog:/var/log/glusterfs; do
    [ ! -d "${pair#*:}" ] || mount --bind "$dir/${pair%%:*}" "${pair#*:}"
done
mount --bind "$state/keys/names" /etc/hosts
[ ! -f /etc/machine-id ] || mount --bind "$dir/machine-id" /etc/machine-id

# A folder of its own for block devices, with what QEMU, libvirt and FUSE need in it.
mount -t tmpfs -o mode=755 devices "$dir/dev"
for node in null zero full random urandom tty kvm fuse loop-control ptmx; do
    [ ! -e "/dev/$node" ] || cp -a "/dev/$node" "$dir/dev/$node"
done
mkdir -p "$dir/dev"/{pts,shm,net,hugepages,mapper}
[ -e "$dir/dev/kvm" ] && chmod 666 "$dir/dev/kvm"
[ -e "$dir/dev/fuse" ] || mknod -m 666 "$dir/dev/fuse" c 10 229
mknod -m 666 "$dir/dev/net/tun" c 10 200
ln -s /proc/self/fd "$dir/dev/fd"
ln -s /proc/self/fd/0 "$dir/dev/stdin"
ln -s /proc/self/fd/1 "$dir/dev/stdout"
ln -s /proc/self/fd/2 "$dir/dev/stderr"
mount --bind /dev/pts "$dir/dev/pts"
mount -t tmpfs -o mode=1777 shm "$dir/dev/shm"
mount --rbind "$dir/dev" /dev

mount -t tmpfs -o mode=755 srv /srv
mkdir -p /srv/shared
mount --bind "$dir/run" /run
mkdir -p /run/lock /run/libvirt /run/sshd

cat >"$dir/sshd_config" <<CONF
Port 22
HostKey $state/keys/host_ed25519
AuthorizedKeysFile $state/keys/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile /run/sshd.pid
PrintMotd no
CONF

echo $$ >"$dir/anchor.new"
mv "$dir/anchor.new" "$dir/anchor"
exec sleep infinity
