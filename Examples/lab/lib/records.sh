# shellcheck shell=bash
# What a disk guest wrote, as its disk says.

guest_records() {
    local name=${1:-} host format path kind
    known_guest "$name"
    kind=$(sed -n 's/^kind=//p' "$(guest_file "$name")")
    format=$(sed -n 's/^format=//p' "$(guest_file "$name")")
    [ "$kind" = disk ] || fail 64 "$name is a guest of kind $kind" "only disk guests write records"
    host=$(guest_place "$name") || fail 1 "no host has $name" ""
    # A move may have put it elsewhere.
    path=$(host_virsh "$host" domblklist "$name" | awk '$1 == "vda" { print $2 }')
    # -U: a running guest holds the image's lock, and this only reads. Past the host's cache, as the guest writes: that of a
    # network file system may be of another host's time.
    in_host "$host" bash -c "qemu-img dd -U --image-opts -O raw bs=64k count=32 of=/run/records.raw \
        if='driver=$format,file.driver=file,file.filename=$path,file.cache.direct=on' &&
        cat /run/records.raw && rm -f /run/records.raw" |
        python3 -c '
import struct, sys
# As guests/records.asm writes them.
slots, step, text = 4096, 0x9e3779b1, b"numbered record "
data = sys.stdin.buffer.read()
numbers, corrupt = set(), 0
for slot in range(len(data) // 512):
    record = data[slot * 512:(slot + 1) * 512]
    if not any(record):
        continue
    words = struct.unpack_from("<124I", record, len(text))
    number = words[0]
    if (record.startswith(text) and number % slots == slot
            and all(word == (number + index * step) % 2**32 for index, word in enumerate(words))):
        numbers.add(number)
    else:
        corrupt += 1
last = max(numbers, default=0)
first = max(1, last - slots + 1)
gaps = sum(1 for number in range(first, last + 1) if number not in numbers)
print(f"last={last} valid={len(numbers)} gaps={gaps} corrupt={corrupt}")
sys.exit(1 if gaps or corrupt else 0)
'
}
