# The inventories: one for this machine, one for use inside a host or in the clients' network.
# shellcheck shell=bash

write_inventories() {
    local host address
    {
        echo "# Made by lab up; for commands on this machine."
        echo "hosts:"
        for host in $(hosts); do
            address=$(migration_address "$host")
            cat <<END
  $host:
    uri: "$(uri "$host")"
    peer-uri: "qemu+tcp://$address/system"
    migration-address: "$address"
    remote-shell: [env, "APUS_LAB=$LAB", "APUS_LAB_DIR=$LAB_ROOT", "$LAB_HOME/lab", exec, $host]
END
        done
    } >"$STATE/inventory.yaml.new"
    {
        echo "# Made by lab up; for commands inside a host or in the clients' network."
        echo "hosts:"
        for host in $(hosts); do
            cat <<END
  $host:
    uri: "qemu+ssh://$host/system"
    peer-uri: "qemu+ssh://$host/system"
    migration-address: "$(migration_address "$host")"
    remote-shell: [ssh, $host]
END
        done
    } >"$STATE/inventory-ssh.yaml.new"
    mv "$STATE/inventory.yaml.new" "$STATE/inventory.yaml"
    mv "$STATE/inventory-ssh.yaml.new" "$STATE/inventory-ssh.yaml"
}

command_inventory() {
    local file=inventory.yaml
    case "${1:-}" in
        '') ;;
        --ssh) file=inventory-ssh.yaml ;;
        *) usage "inventory does not know '$1'" ;;
    esac
    [ -s "$STATE/$file" ] || fail "this lab is not up: there is no inventory" "APUS_LAB=$LAB $LAB_HOME/lab up"
    say "$STATE/$file"
}

command_uri() {
    [ $# = 1 ] || usage "uri needs a host"
    need_host "$1"
    say "$(uri "$1")"
}
