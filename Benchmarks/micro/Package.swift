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

let package = Package(
    name: "micro",
    targets: [
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        .target(name: "LZ4", dependencies: ["CLZ4"], swiftSettings: settings + [.strictMemorySafety()]),
        .executableTarget(name: "lz4-speed", dependencies: ["LZ4"], swiftSettings: settings),
    ]
)
