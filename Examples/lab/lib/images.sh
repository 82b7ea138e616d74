# shellcheck shell=bash
# What guests boot from: built once into the cache, the same path on every host, never written by a guest.

# boot_image PROGRAM NAME=NUMBER…: prints the path of a boot-sector disk with that program of guests/.
boot_image() {
    local source=$LAB_HOME/guests/$1.asm path word defined=()
    path=$CACHE/$1-$(md5sum "$source" | cut -c1-8)
    for word in "${@:2}"; do
        path+=-${word#*=}
        defined+=(-D "$word")
    done
    path+=.img
    if [ ! -s "$path" ]; then
        nasm -f bin "${defined[@]}" "$source" -o "$path.$$"
        # QEMU wants a whole number of blocks.
        truncate -s 1M "$path.$$"
        mv "$path.$$" "$path"
    fi
    printf '%s' "$path"
}

# Debian's cloud kernel, taken out of its package; it is not installed.
kernel_image() {
    local dir=$CACHE/kernel package
    # A cache of an older lab has one module less.
    if [ ! -s "$dir/vmlinuz" ] || [ ! -s "$dir/modules/virtio_console.ko" ]; then
        rm -rf "$dir.$$"
        mkdir -p "$dir.$$/package"
        package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '$1 == "Depends:" { print $2; exit }')
        [ -n "$package" ] || fail 1 "apt knows no linux-image-cloud-amd64" "apt-get update"
        (cd "$dir.$$/package" && apt-get download "$package" >/dev/null 2>&1) ||
            fail 1 "could not download $package" "apt-get update, then again"
        dpkg -x "$dir.$$"/package/*.deb "$dir.$$/tree"
        cp "$dir.$$"/tree/boot/vmlinuz-* "$dir.$$/vmlinuz"
        local module
        mkdir -p "$dir.$$/modules"
        for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover \
            virtio_net virtio_blk virtio_console; do
            find "$dir.$$/tree/lib/modules" -name "$module.ko" -exec cp {} "$dir.$$/modules/" \;
        done
        rm -rf "$dir.$$/tree" "$dir.$$/package" "$dir"
        mv "$dir.$$" "$dir"
    fi
    printf '%s' "$dir/vmlinuz"
}

# Debian's QEMU guest agent, taken out of its package, with the libraries of this machine that it needs.
agent_tree() {
    local dir=$CACHE/agent
    if [ ! -x "$dir/usr/sbin/qemu-ga" ]; then
        rm -rf "$dir.$$"
        mkdir -p "$dir.$$/package"
        (cd "$dir.$$/package" && apt-get download qemu-guest-agent >/dev/null 2>&1) ||
            fail 1 "could not download qemu-guest-agent" "apt-get update, then again"
        dpkg -x "$dir.$$"/package/*.deb "$dir.$$/tree"
        mkdir -p "$dir.$$/image/usr/sbin"
        cp "$dir.$$/tree/usr/sbin/qemu-ga" "$dir.$$/image/usr/sbin/"
        ldd "$dir.$$/tree/usr/sbin/qemu-ga" >"$dir.$$/libraries"
        ! grep 'not found' "$dir.$$/libraries" >&2 || fail 1 "this machine lacks libraries of qemu-ga" "apt-get install them"
        grep -o '/[^ ]*' "$dir.$$/libraries" | while read -r library; do
            mkdir -p "$dir.$$/image$(dirname "$library")"
            cp -L "$library" "$dir.$$/image$library"
        done
        rm -rf "$dir"
        mv "$dir.$$/image" "$dir"
        rm -rf "$dir.$$"
    fi
    printf '%s' "$dir"
}

# initramfs_image [agent]: what Linux guests run from; with QEMU's guest agent in it, where asked for.
initramfs_image() {
    local path root
    path=$CACHE/initramfs${1:+-$1}-$(md5sum "$LAB_HOME/guests/init" | cut -c1-12).cpio.gz
    if [ ! -s "$path" ]; then
        kernel_image >/dev/null
        root=$(mktemp -d "$CACHE/root.XXXXXX")
        mkdir -p "$root"/{bin,dev,proc,sys,modules}
        cp "$(command -v busybox)" "$root/bin/busybox"
        cp "$CACHE/kernel/modules"/* "$root/modules/"
        install -m 755 "$LAB_HOME/guests/init" "$root/init"
        [ "${1:-}" != agent ] || cp -a "$(agent_tree)/." "$root/"
        (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1) >"$path.$$"
        mv "$path.$$" "$path"
        rm -rf "$root"
    fi
    printf '%s' "$path"
}

# data_image MIB: the first so many MiB of a tar of this machine's /usr/lib: real files, as lz4 meets them.
data_image() {
    local path=$CACHE/data-$1.img
    if [ ! -s "$path" ]; then
        { tar -C /usr -cf - lib 2>/dev/null || true; } | head -c "$1M" >"$path.$$" || true
        [ "$(stat -c %s "$path.$$")" = $(($1 << 20)) ] ||
            fail 1 "/usr/lib holds less than $1 MiB" "use a smaller --data"
        mv "$path.$$" "$path"
    fi
    printf '%s' "$path"
}

# kvm_runs boot|linux: whether KVM truly runs such a guest here, found out by running one, once per lab.
kvm_runs() {
    local answer=$STATE/kvm-$1
    if [ ! -f "$answer" ]; then
        if [ -e /dev/kvm ] && probe_"$1"; then echo yes >"$answer"; else echo no >"$answer"; fi
    fi
    grep -q yes "$answer"
}

# probe_run SECONDS WORD OPTION…: QEMU says WORD on its serial port within so long.
probe_run() {
    local limit=$1 word=$2 log pid ok=1
    shift 2
    log=$(mktemp "$STATE/probe.XXXXXX")
    qemu-system-x86_64 -enable-kvm -cpu qemu64 -m 256 -display none -no-reboot -monitor none -serial "file:$log" \
        "$@" >/dev/null 2>&1 &
    pid=$!
    if await "$limit" probe grep -aq -- "$word" "$log"; then ok=0; fi
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    rm -f "$log"
    return $ok
}

probe_boot() { probe_run 40 '\.' -drive "file=$(boot_image touch PAGES=256 CHUNK=0),format=raw,readonly=on,if=virtio"; }

probe_linux() {
    probe_run 10 'hello from' -kernel "$(kernel_image)" -initrd "$(initramfs_image)" \
        -append "console=ttyS0 quiet lab.kind=none lab.address=127.0.0.2 lab.data=0"
}
