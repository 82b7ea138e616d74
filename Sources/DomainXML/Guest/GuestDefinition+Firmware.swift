/// Firmware and TPM: both keep state in files of their own, which must move with the guest.
extension GuestDefinition {
    package struct Firmware: Sendable, Equatable {
        /// The image of the firmware, such as `/usr/share/OVMF/OVMF_CODE_4M.fd`.
        package let loader: String?
        /// The file with the guest's own UEFI variables. Where it is not a plain file,
        /// `root.first("os/nvram")` has it.
        package let variablesPath: String?
        /// The file that the variables are first copied from.
        package let variablesTemplate: String?
        /// `efi` or `bios` where libvirt chooses the image by itself.
        package let automatic: String?
    }

    package struct TPM: Sendable, Equatable {
        package enum Backend: Sendable, Equatable {
            /// swtpm, with its state in files on the host.
            case emulator
            /// The host's own chip, by device.
            case passthrough(device: String?)
            case other(String)
        }

        package let backend: Backend
        /// `1.2` or `2.0`; nil is libvirt's default.
        package let version: String?
        /// Such as `tpm-crb`.
        package let model: String?
    }

    /// nil for a machine's built-in BIOS.
    package var firmware: Firmware? {
        guard let os = root.first("os") else { return nil }
        let firmware = Firmware(
            loader: os.text(at: "loader"),
            variablesPath: os.text(at: "nvram") ?? os.attribute("file", at: "nvram/source"),
            variablesTemplate: os.attribute("template", at: "nvram"),
            automatic: os["firmware"])
        guard firmware.loader != nil || firmware.variablesPath != nil || firmware.automatic != nil else {
            return nil
        }
        return firmware
    }

    package var tpm: TPM? {
        guard let element = root.first("devices/tpm") else { return nil }
        let backend: TPM.Backend =
            switch element.attribute("type", at: "backend") {
            case "emulator": .emulator
            case "passthrough": .passthrough(device: element.attribute("path", at: "backend/device"))
            case let type: .other(type ?? "")
            }
        return TPM(
            backend: backend, version: element.attribute("version", at: "backend"), model: element["model"])
    }
}
