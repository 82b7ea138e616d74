// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The modules that touch C: there each C expression says `unsafe`, so that the edge can be searched for.
let cEdge: [SwiftSetting] = strict + [.strictMemorySafety()]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// The arrows between modules are docs/architecture.md's; Tests/ArchitectureTests holds this list against them.
let package = Package(
    name: "apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        .executable(name: "simulate-moves", targets: ["simulate-moves"]),
        .executable(name: "fuzz-transfer", targets: ["fuzz-transfer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        // C libraries
        .systemLibrary(
            name: "CLibvirt", path: "CLibvirt", pkgConfig: "libvirt",
            providers: [.apt(["libvirt-dev"]), .yum(["libvirt-devel"])]),
        .systemLibrary(
            name: "CLZ4", path: "Sources/CLZ4", pkgConfig: "liblz4",
            providers: [.apt(["liblz4-dev"]), .yum(["lz4-devel"])]),
        .systemLibrary(
            name: "CXML2", path: "Sources/CXML2", pkgConfig: "libxml-2.0",
            providers: [.apt(["libxml2-dev"]), .yum(["libxml2-devel"])]),

        // Modules, from the C edge up to the command line
        .target(name: "Libvirt", dependencies: ["CLibvirt"], swiftSettings: cEdge),
        .target(name: "DomainXML", dependencies: ["CXML2"], swiftSettings: cEdge),
        .target(name: "LZ4", dependencies: ["CLZ4"], swiftSettings: cEdge),
        .target(name: "FleetModel", swiftSettings: strict),
        .target(name: "Policy", dependencies: ["FleetModel"], swiftSettings: strict),
        .target(
            name: "Transfer", dependencies: ["LZ4", "FleetModel", subprocess, systemPackage, crypto],
            swiftSettings: cEdge),
        .target(name: "Migration", dependencies: ["Policy", "FleetModel", logging], swiftSettings: strict),
        .target(name: "Journal", dependencies: ["Migration", "FleetModel", grdb], swiftSettings: strict),
        .target(
            name: "LibvirtFleet",
            dependencies: ["Migration", "Libvirt", "DomainXML", "Transfer", "FleetModel", logging],
            swiftSettings: strict),
        .target(
            name: "ApusCommands",
            dependencies: [
                "LibvirtFleet", "Migration", "Policy", "Journal", "Transfer", "Simulator", "FleetModel",
                argumentParser, yams, logging,
            ],
            swiftSettings: strict),
        .target(
            name: "Simulator", dependencies: ["Migration", "Policy", "FleetModel"], swiftSettings: strict),
        .executableTarget(
            name: "simulate-moves", dependencies: ["Simulator", logging], swiftSettings: strict),
        .executableTarget(
            name: "fuzz-transfer", dependencies: ["TransferSupport"], swiftSettings: strict),
        .executableTarget(name: "apus", dependencies: ["ApusCommands"], swiftSettings: strict),

        // Tests, one per module; LabTests drive real guests on two or more real libvirt hosts
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(name: "LibvirtTests", dependencies: ["Libvirt"], swiftSettings: strict),
        .testTarget(
            name: "DomainXMLTests", dependencies: ["DomainXML", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "LZ4Tests", dependencies: ["LZ4", "TestSupport", subprocess], swiftSettings: strict),
        .testTarget(name: "FleetModelTests", dependencies: ["FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "PolicyTests", dependencies: ["Policy", "FleetModel", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "TransferTests",
            dependencies: ["Transfer", "FleetModel", "TransferSupport", "TestSupport", systemPackage],
            swiftSettings: strict),
        .testTarget(
            name: "LibvirtFleetTests",
            dependencies: ["LibvirtFleet", "DomainXML", "Libvirt", "Migration", "Transfer", "FleetModel"],
            swiftSettings: strict),
        .testTarget(
            name: "MigrationTests", dependencies: ["Migration", "FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "SimulatorTests",
            dependencies: ["Simulator", "Migration", "Policy", "FleetModel", logging],
            swiftSettings: strict),
        .testTarget(
            name: "JournalTests", dependencies: ["Journal", "Migration", "FleetModel", grdb],
            swiftSettings: strict),
        .testTarget(
            name: "ApusCommandsTests",
            dependencies: ["ApusCommands", "Policy", "FleetModel", "TestSupport", argumentParser],
            swiftSettings: strict),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .target(
            name: "TransferSupport",
            dependencies: ["Transfer", "FleetModel", "TestSupport", systemPackage, crypto],
            path: "Tests/TransferSupport", swiftSettings: strict),
        .target(
            name: "LabSupport", dependencies: [subprocess, systemPackage], path: "Tests/LabSupport",
            swiftSettings: strict),
        .testTarget(
            name: "LabTests", dependencies: ["LabSupport", "Libvirt", "apus"], swiftSettings: strict),
    ]
)
