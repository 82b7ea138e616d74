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
    # -U: a running guest holds the image's lock, and this only reads.
    in_host "$host" bash -c "qemu-img dd -U -f '$format' -O raw bs=512 count=4096 if='$path' of='/run/records.raw' && cat /run/records.raw && rm -f /run/records.raw" |
        python3 -c '
import hashlib, sys
data = sys.stdin.buffer.read()
slots = min(len(data) // 512, 4096)
numbers, corrupt = set(), 0
for slot in range(slots):
    words = data[slot * 512:(slot + 1) * 512].rstrip(b"\0").split()
    if not words:
        continue
    good = len(words) == 4 and hashlib.md5(b" ".join(words[:3])).hexdigest().encode() == words[3]
    if good and int(words[1]) % slots == slot:
        numbers.add(int(words[1]))
    else:
        corrupt += 1
last = max(numbers, default=0)
first = max(1, last - slots + 1)
gaps = sum(1 for number in range(first, last + 1) if number not in numbers)
print(f"last={last} valid={len(numbers)} gaps={gaps} corrupt={corrupt}")
sys.exit(1 if gaps or corrupt else 0)
'
}
