# shellcheck shell=bash
# The hosts' TLS certificates, where libvirt and QEMU look for them, from the lab's own authority.

write_certificates() {
    local name=$1 pki=$STATE/$1/pki
    mkdir -p "$pki/CA" "$pki/libvirt/private"
    cp "$STATE/keys/cacert.pem" "$pki/CA/cacert.pem"
    issue_certificate "$name" 365 "IP:$(migration_address "$name"),DNS:$name,DNS:$name.lab"
    cp "$pki/libvirt/servercert.pem" "$pki/libvirt/clientcert.pem"
    cp "$pki/libvirt/private/serverkey.pem" "$pki/libvirt/private/clientkey.pem"
    share_with_qemu "$name"
}

# QEMU's own folder has other names for the same things; each host is client and server of migrations.
share_with_qemu() {
    local pki=$STATE/$1/pki role
    mkdir -p "$pki/qemu"
    cp "$pki/CA/cacert.pem" "$pki/qemu/ca-cert.pem"
    for role in server client; do
        cp "$pki/libvirt/servercert.pem" "$pki/qemu/$role-cert.pem"
        cp "$pki/libvirt/private/serverkey.pem" "$pki/qemu/$role-key.pem"
    done
}

# issue_certificate HOST DAYS NAMES: a server's certificate; its days may be over already.
issue_certificate() {
    local name=$1 days=$2 names=$3 pki=$STATE/$1/pki/libvirt keys=$STATE/keys
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" \
        -keyout "$pki/private/serverkey.pem" -out "$pki/request.pem" 2>/dev/null
    touch "$keys/issued"
    # openssl ca, since openssl x509 takes no days below 0.
    openssl ca -batch -notext -cert "$keys/cacert.pem" -keyfile "$keys/cakey.pem" -in "$pki/request.pem" \
        -out "$pki/servercert.pem" -startdate 20200101000000Z -enddate "$(date -u -d "$days days" +%Y%m%d%H%M%SZ)" \
        -config <(printf '%s\n' '[ca]' default_ca=lab '[lab]' "database=$keys/issued" "new_certs_dir=$keys" \
            rand_serial=yes default_md=sha256 policy=any unique_subject=no '[any]' commonName=supplied) \
        -extfile <(printf '%s\n' "subjectAltName=$names" basicConstraints=critical,CA:FALSE \
            keyUsage=digitalSignature,keyEncipherment extendedKeyUsage=serverAuth,clientAuth) 2>/dev/null ||
        fail 1 "no certificate for $name with $names for $days days" "names are DNS:NAME or IP:ADDRESS, with commas"
    rm -f "$pki/request.pem"
}

lab_certificate() {
    local host days=365 names
    host=$(known_host "${1:-}")
    names="IP:$(migration_address "$host"),DNS:$host,DNS:$host.lab"
    shift
    while [ $# -gt 0 ]; do
        case $1 in
            --days) days=${2:-}; shift 2 ;;
            --names) names=${2:-}; shift 2 ;;
            *) fail 64 "unknown option $1" "lab certificate HOST [--days N] [--names DNS:NAME,IP:ADDRESS]" ;;
        esac
    done
    [[ $days =~ ^-?[0-9]+$ ]] || fail 64 "--days $days" "such as 12, or -3 for one that is expired"
    issue_certificate "$host" "$days" "$names"
    share_with_qemu "$host"
}
