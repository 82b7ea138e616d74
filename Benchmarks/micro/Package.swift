// swift-tools-version: 6.2
import PackageDescription

/// Micro-benchmarks, apart so that nobody builds them who does not run them. The modules are links to Apus' own.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "micro",
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .systemLibrary(name: "CLZ4Block", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "LZ4", dependencies: ["CLZ4"], swiftSettings: settings + [.strictMemorySafety()]),
        .target(name: "FleetModel", swiftSettings: settings),
        .target(
            name: "Transfer", dependencies: ["LZ4", "FleetModel", subprocess, systemPackage, crypto],
            swiftSettings: settings + [.strictMemorySafety()]),
        .executableTarget(name: "relay-speed", dependencies: ["Transfer", systemPackage], swiftSettings: settings),
        .executableTarget(name: "lz4-speed", dependencies: ["LZ4", "CLZ4Block"], swiftSettings: settings),
    ]
)
