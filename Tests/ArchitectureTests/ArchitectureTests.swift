import FoundationEssentials
import Testing

/// The drawing of docs/architecture.md, held against the manifest and the tree.
@Suite("The architecture")
struct ArchitectureTests {
    /// Module → what it may import. Nothing else is allowed; a change here is a record in docs/decisions.
    private static let allowed: [String: Set<String>] = [
        "FleetModel": [],
        "Policy": ["FleetModel"],
        "Libvirt": ["CLibvirt"],
        "DomainXML": ["CXML2"],
        "LZ4": ["CLZ4"],
        "Transfer": ["LZ4", "FleetModel", "Subprocess", "SystemPackage", "Crypto"],
        "Migration": ["Policy", "FleetModel", "Logging"],
        "Journal": ["Migration", "FleetModel", "GRDB"],
        "LibvirtFleet": ["Migration", "Libvirt", "DomainXML", "Transfer", "FleetModel", "Logging"],
        "ApusCommands": [
            "LibvirtFleet", "Migration", "Policy", "Journal", "Transfer", "Simulator", "FleetModel",
            "ArgumentParser", "Yams", "Logging",
        ],
        "Simulator": ["Migration", "Policy", "FleetModel"],
        "simulate-moves": ["Simulator", "Logging"],
        "fuzz-transfer": ["TransferSupport"],
        "apus": ["ApusCommands"],
    ]

    /// What every module may import besides: the toolchain's own.
    private static let toolchain: Set<String> = [
        "FoundationEssentials", "Dispatch", "Glibc", "Synchronization",
    ]

    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("every import of every source file is an allowed arrow")
    func imports() throws {
        for (module, allowed) in Self.allowed {
            for file in try Self.sources(below: "Sources/\(module)") {
                // An indented line is in another language: a program that a string carries to a host.
                for line in try Self.lines(of: file) where !line.hasPrefix(" ") {
                    let words = line.split(separator: " ")
                    guard let position = words.firstIndex(of: "import"), position <= 2,
                        words[..<position].allSatisfy({
                            ["package", "public", "internal", "@preconcurrency"].contains($0)
                        }),
                        let name = words.dropFirst(position + 1).first
                    else { continue }
                    #expect(
                        allowed.union(Self.toolchain).contains(String(name)),
                        "\(file.lastPathComponent) of \(module) imports \(name)")
                }
            }
        }
    }

    @Test("FleetModel and Policy use the standard library only")
    func pure() throws {
        for module in ["FleetModel", "Policy"] {
            for file in try Self.sources(below: "Sources/\(module)") {
                let imports = try Self.lines(of: file).filter {
                    $0.contains("import ") && !$0.hasPrefix("//")
                }
                #expect(imports.allSatisfy { $0.hasSuffix("import FleetModel") }, "\(file.lastPathComponent)")
            }
        }
    }

    @Test("every module of Sources is in the drawing")
    func complete() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "Sources").path)
        #expect(Set(folders.filter { !$0.hasPrefix("C") }) == Set(Self.allowed.keys))
    }

    @Test("no source file has more than 400 lines")
    func length() throws {
        for folder in ["Sources", "Tests", "Examples", "Benchmarks", "CLibvirt"] {
            for file in try Self.sources(
                below: folder, endings: [".swift", ".h", ".sh", ".py", "/lab", ".asm"])
            {
                #expect(try Self.lines(of: file).count <= 400, "\(file.path)")
            }
        }
    }

    private static func sources(below folder: String, endings: [String] = [".swift"]) throws -> [URL] {
        let base = root.appending(path: folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: base.path)
        return names.filter { name in endings.contains { "/\(name)".hasSuffix($0) } }.sorted()
            .map { base.appending(path: $0) }
            .filter { (try? Data(contentsOf: $0)) != nil && !$0.path.contains("/.build") }
    }

    private static func lines(of file: URL) throws -> [Substring] {
        String(decoding: try Data(contentsOf: file), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
    }
}
