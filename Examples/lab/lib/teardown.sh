# Taking a lab down. What belongs to it is found by the namespaces it lives in, never by a name.
# shellcheck shell=bash

# The lab's network namespaces that exist, one per line.
lab_namespaces() {
    local path name
    for path in "/run/netns/$LAB-"*; do
        name=${path##*/}
        if [[ ${name#"$LAB-"} =~ ^(net|clients|storage|host[0-9]+)$ ]]; then echo "$name"; fi
    done
}

# The processes that live in the given network namespaces, by inode.
residents() {
    local name inode path wanted=' '
    for name; do
        wanted+="$(stat -L -c %i "/run/netns/$name") "
    done
    stat -L -c '%i %n' /proc/[0-9]*/ns/net 2>/dev/null | while read -r inode path; do
        path=${path#/proc/}
        if [[ $wanted == *" $inode "* ]]; then echo "${path%%/*}"; fi
    done
}

end_residents() {
    local pids
    pids=$(residents "$@")
    [ -z "$pids" ] && return
    # shellcheck disable=SC2086 # a list of numbers
    kill -KILL $pids 2>/dev/null
    return 1
}

# Loop devices whose file is one of this lab's, recognised by inode because the path is another one inside a host.
release_loops() {
    local device inode files
    files=$(losetup --list --noheadings --output NAME,BACK-INO 2>/dev/null) || return 0
    [ -n "$files" ] || return 0
    while read -r device inode; do
        if [ -n "$(find "$STATE" -xdev -inum "$inode" -print -quit 2>/dev/null)" ]; then
            losetup --detach "$device" || true
        fi
    done <<<"$files"
}

unmount_state() {
    local target
    while read -r target; do
        umount --lazy "$target" 2>/dev/null || true
    done < <(awk -v state="$STATE/" 'index($5, state) == 1 { print $5 }' /proc/self/mountinfo | tac)
}

take_down() {
    local name names
    mapfile -t names < <(lab_namespaces)
    if [ ${#names[@]} = 0 ] && [ ! -d "$STATE" ]; then
        say "lab $LAB: nothing to take down"
        return
    fi
    lock_lab
    mapfile -t names < <(lab_namespaces)
    if [ ${#names[@]} -gt 0 ]; then
        wait_until 20 end_residents "${names[@]}" ||
            fail "these processes of the lab do not end: $(residents "${names[@]}" | tr '\n' ' ')" \
                "see what they wait for: cat /proc/PID/stack; then lab down again"
    fi
    release_loops
    for name in "${names[@]}"; do
        ip netns del "$name"
    done
    unmount_state
    rm -rf --one-file-system -- "$STATE"
    rm -f "$LAB_ROOT/.$LAB.lock"
    exec 9>&-
    rmdir "$LAB_ROOT" 2>/dev/null || true
    say "lab $LAB: down"
}

command_down() {
    local path
    need_root
    case "${1:-}" in
        '') take_down ;;
        --all)
            for path in "$LAB_ROOT"/*/; do
                [ -d "$path" ] || continue
                LAB=$(basename "$path")
                STATE=$LAB_ROOT/$LAB
                take_down
            done
            ;;
        *) usage "down does not know '$1'" ;;
    esac
}
