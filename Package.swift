// swift-tools-version: 6.3
import PackageDescription

/// What is built beside the service, for `scripts/fuzz` ("fuzz", and "fuzz-address" with the address sanitizer) and
/// `scripts/prove` ("prove"); nothing by default.
let proving = Context.environment["TOKENSERVICE_PROVING"]

/// What leads a fuzzer through the code; without it libFuzzer runs blind, which nothing but its log would tell.
///
/// `--sanitize fuzzer` alone brings it, but to every module, and of two `--sanitize` the compiler heeds the last. Comparisons
/// are traced where the address sanitizer costs more anyway: nearly all of them are Swift's own checks of bounds, and half
/// of the time went there.
let watching = "-sanitize-coverage=edge,indirect-calls,inline-8bit-counters,pc-table"
let coverage: [String] =
    switch proving {
    case "fuzz": ["-sanitize=fuzzer", watching]
    case "fuzz-address": [watching + ",trace-cmp"]
    default: []
    }

/// The settings of every Swift target: the strictest the toolchain offers.
let unwatched: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    // Modules are rooms, not walls: small generic helpers must be specialised where they are used.
    .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
]

/// The same for code that a fuzzer watches: all that reads bytes from outside.
///
/// Of the rest it would look through a hundred thousand counters after every input, and find nothing.
let settings = unwatched + [.unsafeFlags(coverage)]

/// The fuzzer with libFuzzer's own `main`, and the tool behind long runs: each only when asked for.
let provingTargets: [Target] =
    switch proving {
    case "fuzz", "fuzz-address":
        [
            .executableTarget(
                name: "fuzz",
                dependencies: ["FuzzBodies"],
                path: "Fuzz/Driver",
                swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])],
                linkerSettings: proving == "fuzz" ? [.unsafeFlags(["-sanitize=fuzzer"])] : []
            )
        ]
    case "prove":
        [
            .executableTarget(
                name: "prove",
                dependencies: [
                    "FuzzBodies", "Simulator", "TokenService", "HTTPServer", "InviteStore", "OpenSSLKit", "Platform",
                    "Telemetry",
                ],
                path: "Fuzz/Prover",
                swiftSettings: settings
            )
        ]
    default: []
    }

let package = Package(
    name: "TokenService",
    products: [
        .executable(name: "token-service", targets: ["token-service"])
    ],
    traits: [
        .trait(name: "SQLite", description: "The durable single-machine store (needs libsqlite3-dev)."),
        .trait(name: "Postgres", description: "The store that several machines share (needs libpq-dev)."),
        .default(enabledTraits: ["SQLite"]),
    ],
    targets: [
        // C shims: macros and variadics only, never logic.
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CSQLite"),
        .systemLibrary(name: "CPostgres"),
        // Web files embedded by the C compiler.
        .target(name: "CAssets", cSettings: [.unsafeFlags(["-std=c23"])]),

        .target(name: "Platform", dependencies: ["CLinux"], swiftSettings: settings),
        .target(name: "Telemetry", dependencies: ["Platform"], swiftSettings: unwatched),
        .target(name: "OpenSSLKit", dependencies: ["Platform", "COpenSSL"], swiftSettings: settings),
        .target(name: "StrictJSON", swiftSettings: settings),
        .target(name: "HTTPServer", dependencies: ["Platform", "Telemetry", "OpenSSLKit"], swiftSettings: settings),
        .target(name: "HTTPClient", dependencies: ["Platform", "OpenSSLKit"], swiftSettings: settings),
        .target(name: "JWTLite", dependencies: ["OpenSSLKit", "StrictJSON", "Platform"], swiftSettings: settings),
        .target(
            name: "InviteStore",
            dependencies: [
                "Platform", "Telemetry",
                .target(name: "CSQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "CPostgres", condition: .when(traits: ["Postgres"])),
            ],
            swiftSettings: unwatched
        ),
        .target(
            name: "TokenService",
            dependencies: [
                "CAssets", "Platform", "Telemetry", "OpenSSLKit", "StrictJSON", "HTTPServer", "HTTPClient", "JWTLite",
                "InviteStore",
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "token-service",
            dependencies: ["TokenService"],
            swiftSettings: settings,
            // One file with the runtime in it: no calls through a table, fewer pages to map, nothing to install beside it.
            linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]
        ),

        .target(
            name: "TestSupport",
            dependencies: [
                "InviteStore", "Platform",
                .target(name: "CSQLite", condition: .when(traits: ["SQLite"])),
                .target(name: "CPostgres", condition: .when(traits: ["Postgres"])),
            ],
            path: "Tests/TestSupport",
            swiftSettings: unwatched
        ),
        .testTarget(
            name: "PlatformTests",
            dependencies: ["Platform", "Telemetry", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"], swiftSettings: settings),
        .testTarget(
            name: "OpenSSLKitTests",
            dependencies: ["OpenSSLKit", "Platform", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "JWTLiteTests",
            dependencies: ["JWTLite", "OpenSSLKit", "StrictJSON", "Platform", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPServerTests",
            dependencies: ["HTTPServer", "OpenSSLKit", "Platform", "Telemetry", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HTTPClientTests",
            dependencies: ["HTTPClient", "OpenSSLKit", "Platform", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "InviteStoreTests",
            dependencies: ["InviteStore", "Platform", "Telemetry", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TokenServiceTests",
            dependencies: [
                "TokenService", "HTTPServer", "HTTPClient", "InviteStore", "JWTLite", "OpenSSLKit", "StrictJSON",
                "Platform", "Telemetry", "TestSupport",
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["token-service", "StrictJSON", "Platform", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(name: "TidyTests", swiftSettings: settings),

        // What fuzzers run, so that the ordinary tests replay what they found.
        .target(
            name: "FuzzBodies",
            dependencies: [
                "TokenService", "HTTPClient", "HTTPServer", "InviteStore", "JWTLite", "OpenSSLKit", "StrictJSON",
                "Platform", "Telemetry", "TestSupport",
            ],
            path: "Fuzz/Bodies",
            swiftSettings: settings
        ),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzBodies", "TestSupport"], swiftSettings: settings),

        // The service on virtual time, with faults drawn from a seed; long runs of it are in `prove`.
        .target(
            name: "Simulator",
            dependencies: [
                "TestSupport", "TokenService", "HTTPClient", "HTTPServer", "InviteStore", "JWTLite", "OpenSSLKit",
                "StrictJSON", "Platform", "Telemetry",
            ],
            path: "Fuzz/Simulator",
            swiftSettings: settings
        ),
        .testTarget(name: "SimulatorTests", dependencies: ["Simulator", "Platform"], swiftSettings: settings),
    ] + provingTargets,
    swiftLanguageModes: [.v6]
)
