import FleetModel
import Transfer

/// What one host is asked over its remote shell, in one script: read-only commands, listed in docs/check.md.
///
/// Each section begins with a line `= NAME` and ends with `. NAME`, so that a script that was cut short is
/// told from one that found nothing.
struct HostScript: Sendable {
    /// Files, directories and devices that are looked at.
    var paths: [String] = []
    /// Directories whose file system matters.
    var directories: [String] = []
    /// Block devices whose identity matters.
    var devices: [String] = []
    /// Read-only images that are compared by samples of their content.
    var samples: [String] = []
    /// Where a certificate of the host's libvirt may lie; the first that exists is read.
    var certificates: [String] = []
    /// Whose part of a move's encryption matters; `nil` where the move is not encrypted.
    var encryption: Side?
    /// Whether the size of the host's default huge page matters.
    var asksHugePage = false
    /// Whether a relay is in question: then how busy the host is, and what AppArmor lets its guests do, matter.
    var asksRelay = false
    /// The way to the other host, for the source's script.
    var path: PathProbe?

    var text: String {
        ([Self.head, Self.network] + asked + [
            section("post-copy", Self.postCopy), section("clock", "date +%s%N"),
        ]).joined(separator: "\n") + "\n"
    }

    private var asked: [String] {
        var parts: [String] = []
        let paths = paths + directories
        if !paths.isEmpty {
            let list = words(paths)
            parts.append(
                section(
                    "paths", "stat -L --printf='%n\\t%F\\t%s\\t%d:%i\\t%b\\t%B\\n' -- \(list) 2>/dev/null"))
            parts.append(section("missing", each(paths, Self.missing)))
            // A line for each path, in order, whether it is there or not.
            parts.append(section("resolved", "realpath -m -- \(list)"))
        }
        if !directories.isEmpty {
            parts.append(
                section(
                    "file-systems", "df -B1 --output=fstype,avail,file -- \(words(directories)) 2>/dev/null"))
            parts.append(section("writable", each(directories, "[ -w \"$p\" ] && echo \"$p\"")))
        }
        if !devices.isEmpty { parts.append(section("devices", each(devices, Self.device))) }
        if !samples.isEmpty {
            parts.append(
                section(
                    "samples",
                    each(
                        samples,
                        "[ -f \"$p\" ] && [ -r \"$p\" ] && if [ $(wc -c < \"$p\") -le \(Self.wholeDigest) ]; "
                            + "then echo \"$p${t}whole$t$(sha256sum < \"$p\")\"; "
                            + "else echo \"$p${t}ends$t$({ head -c 65536 -- \"$p\"; tail -c 65536 -- \"$p\"; } "
                            + "| sha256sum)\"; fi")))
        }
        if !certificates.isEmpty {
            parts.append(section("certificate", each(certificates, Self.certificate)))
        }
        if let encryption { parts.append(section("encryption", Self.encryption(of: encryption))) }
        if asksHugePage {
            parts.append(
                section("huge-page", "sed -n 's/^Hugepagesize: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"))
        }
        if asksRelay {
            parts.append(section("load", "read -r l _ < /proc/loadavg && echo \"$l\""))
            parts.append(section("confinement", Self.confinement))
        }
        if let path { parts.append(section("ports", path.commands)) }
        return parts
    }

    /// Who may catch page faults: everybody (1, or a kernel without the switch), else root alone; and who QEMU runs as.
    private static let postCopy = """
        cat /proc/sys/vm/unprivileged_userfaultfd 2>/dev/null || echo 1
        sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*"\\(.*\\)".*/\\1/p' /etc/libvirt/qemu.conf 2>/dev/null
        """

    /// What confines guests, and whether what makes AppArmor's profiles for them knows libvirt's migration sockets.
    /// Source: libvirt's virt-aa-helper.c and "Guest migration" page; qemu.conf, `security_driver`.
    private static let confinement = """
        a=N; read -r a 2>/dev/null < /sys/module/apparmor/parameters/enabled
        e=0; read -r e 2>/dev/null < /sys/fs/selinux/enforce
        if grep -q '^[[:space:]]*security_driver[[:space:]]*=.*none' /etc/libvirt/qemu.conf 2>/dev/null; then echo none
        elif [ "$e" = 1 ]; then echo selinux
        elif [ "$a" != Y ]; then echo none
        elif grep -qs 'tunnelmigrate\\.dest' /usr/lib/libvirt/virt-aa-helper /usr/libexec/virt-aa-helper; then echo apparmor
        else echo strict-apparmor; fi
        """

    /// Up to this size an image is compared byte by byte, by its digest.
    private static let wholeDigest = 64 << 20

    private static let head = """
        LC_ALL=C; export LC_ALL; PATH=$PATH:/usr/sbin:/sbin; t=$(printf '\\t')
        """

    /// Devices and addresses from sysfs and iproute2, the host's own name, listening ports from proc(5), and
    /// QEMU's port range.
    private static let network = """
        echo '= links'
        for d in /sys/class/net/*; do
          read -r m < "$d/mtu" 2>/dev/null || continue
          k=other; [ -d "$d/bridge" ] && k=bridge
          echo "${d##*/}$t$k$t$m"
        done
        command -v ovs-vsctl >/dev/null && ovs-vsctl --timeout=2 list-br 2>/dev/null |
          while read -r b; do echo "$b${t}open-vswitch${t}0"; done
        echo '. links'
        echo '= addresses'
        ip -o addr show 2>/dev/null && echo '. addresses'
        echo '= name'
        read -r n < /proc/sys/kernel/hostname; echo "$n"
        if command -v getent >/dev/null; then
          getent ahosts "$n" | while read -r a _; do echo "$a"; done
          echo '. name'
        fi
        echo '= listening'
        awk '$4 == "0A" {sub(".*:", "", $2); print $2}' /proc/net/tcp $(ls /proc/net/tcp6 2>/dev/null) &&
          echo '. listening'
        echo '= range'
        sed -n 's/^ *migration_port_\\(min\\|max\\) *= *\\([0-9]*\\).*/\\1 \\2/p' /etc/libvirt/qemu.conf 2>/dev/null
        echo '. range'
        """

    /// Why a path cannot be seen, in stat's last words: gone, or hidden by a file system that does not answer.
    private static let missing =
        "[ -e \"$p\" ] || { r=$(stat -L -- \"$p\" 2>&1); echo \"$p$t${r##*: }\"; }"

    /// Size and identity of a block device: the WWID of the multipath map, or the WWID or serial of the device
    /// or, with the partition's number, of its disk, as sysfs tells them. UUIDs of LVM and LUKS are content:
    /// hosts that were installed from one image share them.
    private static let device =
        "r=$(readlink -f -- \"$p\"); [ -b \"$r\" ] && { n=$(stat -c '%t %T' \"$r\"); set -- $n; "
        + "b=/sys/dev/block/$((0x$1)):$((0x$2)); i=; "
        + "if [ -r \"$b/dm/uuid\" ]; then read -r i < \"$b/dm/uuid\"; case $i in mpath-*) ;; *) i= ;; esac; "
        + "else for f in wwid device/wwid serial device/serial ../wwid ../device/wwid ../serial "
        + "../device/serial; do "
        + "[ -z \"$i\" ] && [ -r \"$b/$f\" ] && i=$(tr -d '\\n' < \"$b/$f\"); done; fi; "
        + "[ -n \"$i\" ] && [ -r \"$b/partition\" ] && read -r q < \"$b/partition\" && "
        + "i=\"$i partition $q\"; "
        + "read -r s < \"$b/size\"; echo \"$p$t$((s*512))$t$i\"; }"

    /// The names and the last day of a certificate, by openssl.
    private static let certificate =
        "[ -r \"$p\" ] && [ -z \"$seen\" ] && command -v openssl >/dev/null && { seen=1; echo \"file$t$p\"; "
        + "e=$(openssl x509 -in \"$p\" -noout -enddate); e=$(date -d \"${e#*=}\" +%s); "
        + "echo \"remaining$t$((e - $(date +%s)))\"; "
        + "openssl x509 -in \"$p\" -noout -ext subjectAltName 2>/dev/null | tr ',' '\\n' | "
        + "sed -n 's/^ *DNS:/name\\t/p; s/^ *IP Address:/name\\t/p'; "
        + "openssl x509 -in \"$p\" -noout -subject -nameopt multiline | "
        + "sed -n 's/^ *commonName *= */common\\t/p'; }"

    /// Where qemu.conf has the files of a move's encryption, which are missing, and the certificate.
    /// Source: qemu.conf's `migrate_tls_x509_cert_dir` and `default_tls_x509_cert_dir`.
    private static func encryption(of side: Side) -> String {
        let role = side == .source ? "client" : "server"
        return """
            d=
            for k in migrate default; do
              [ -n "$d" ] || d=$(sed -n \\
                "s/^[[:space:]]*${k}_tls_x509_cert_dir[[:space:]]*=[[:space:]]*[\\"']\\(.*\\)[\\"'].*/\\1/p" \\
                /etc/libvirt/qemu.conf 2>/dev/null | tail -n 1)
            done
            d=${d:-/etc/pki/qemu}
            echo "directory$t$d"
            if [ -d "$d" ] && [ ! -x "$d" ]; then echo hidden; else
              for f in ca-cert.pem \(role)-cert.pem \(role)-key.pem; do [ -e "$d/$f" ] || echo "missing$t$f"; done
              seen=; p=$d/\(role)-cert.pem
              \(Self.certificate)
            fi
            """
    }

    private func section(_ name: String, _ commands: String) -> String {
        "echo '= \(name)'\n\(commands)\necho '. \(name)'"
    }

    private func each(_ values: [String], _ command: String) -> String {
        "for p in \(words(values)); do \(command); done"
    }

    private func words(_ values: [String]) -> String {
        values.map(RemoteShell.quote).joined(separator: " ")
    }
}

/// What a host answered to a `HostScript`, section by section.
struct HostAnswers: Sendable {
    private let sections: [String: [[String]]]
    let reason: String?
    /// What was asked for, in order.
    let paths: [String]
    /// When the script was sent and when its answer was there.
    let began: ContinuousClock.Instant
    let ended: ContinuousClock.Instant

    /// - Parameters:
    ///   - output: what the script wrote.
    ///   - paths: what the script was asked to look at.
    ///   - began: when it was sent.
    ///   - ended: when its answer was there.
    init(
        parsing output: String, paths: [String], began: ContinuousClock.Instant,
        ended: ContinuousClock.Instant
    ) {
        var sections: [String: [[String]]] = [:]
        var open: (name: String, lines: [[String]])?
        for line in output.split(separator: "\n", omittingEmptySubsequences: true) {
            if line.hasPrefix("= ") {
                open = (String(line.dropFirst(2)), [])
            } else if line.hasPrefix(". "), let ended = open, line.dropFirst(2) == ended.name {
                sections[ended.name] = ended.lines
                open = nil
            } else {
                open?.lines.append(
                    line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init))
            }
        }
        self.sections = sections
        self.paths = paths
        self.began = began
        self.ended = ended
        reason = nil
    }

    init(unreadable reason: String) {
        sections = [:]
        self.reason = reason
        paths = []
        (began, ended) = (.now, .now)
    }

    /// The lines of a section, each split at its tabs; or why there are none.
    func lines(_ section: String) -> Result<[[String]], NotTold> {
        guard let lines = sections[section] else {
            return .failure(NotTold(reason: reason ?? "the host's answer has no part '\(section)'"))
        }
        return .success(lines)
    }

    /// The host's wall clock less another's. It was read somewhere between question and answer.
    func clockOffset(from other: HostAnswers) -> Reading<ClockOffset> {
        func clock(_ answers: HostAnswers) -> Result<(time: Duration, error: Duration), NotTold> {
            answers.lines("clock").flatMap { lines in
                guard let text = lines.first?.first, let nanoseconds = Int64(text) else {
                    return .failure(NotTold(reason: "the host's date tells no nanoseconds"))
                }
                let half = answers.began.duration(to: answers.ended) / 2
                let middle = other.began.duration(to: answers.began) + half
                return .success((.nanoseconds(nanoseconds) - middle, half))
            }
        }
        switch (clock(self), clock(other)) {
        case (.success(let mine), .success(let theirs)):
            return .known(ClockOffset(offset: mine.time - theirs.time, error: mine.error + theirs.error))
        case (.failure(let why), _), (_, .failure(let why)): return .notKnown(why.reason)
        }
    }

    /// Why something is not known.
    struct NotTold: Error {
        let reason: String
    }

    /// Whether QEMU may catch page faults. Source: the kernel's userfaultfd page; qemu.conf's `user`.
    var catchesFaults: Reading<Bool> {
        switch lines("post-copy") {
        case .failure(let why): .notKnown(why.reason)
        case .success(let lines):
            .known(
                lines.first?.first == "1" || lines.dropFirst().contains { ["root", "+0"].contains($0.first) })
        }
    }
}
