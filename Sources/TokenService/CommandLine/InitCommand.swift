import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

/// `token-service init`: sets up a data directory once, and prints the first admin key once.
enum InitCommand {
    static let command = Command(
        "init",
        "sets up a deployment and prints its first admin key, once",
        options: CommonOptions.store + [
            CommandOption("issuer", "URL", "the issuer in every token, such as https://tokens.example.com"),
            CommandOption("environment", "live|test", "environment of the first key (live)"),
            CommandOption("algorithm", "ES256|EdDSA", "algorithm of the signing key (ES256)"),
            CommonOptions.json,
        ],
        run: run
    )

    private static func run(_ arguments: Arguments) async throws -> ExitCode {
        let result = try await setUp(arguments)
        if arguments.has("json") {
            var writer = JSONWriter(capacity: 256)
            writer.beginObject()
            writer.member("workspace_id", TypeID.text(.workspace, result.workspace))
            writer.member("environment", result.environment.rawValue)
            writer.name("api_key")
            writer.beginObject()
            writer.member("id", TypeID.text(.apiKey, result.apiKey))
            writer.member("secret", result.secret)
            writer.endObject()
            writer.endObject()
            Console.print(String(decoding: writer.bytes, as: UTF8.self))
        } else {
            Console.print("workspace    \(TypeID.text(.workspace, result.workspace))")
            Console.print("environment  \(result.environment.rawValue)")
            Console.print("key id       \(TypeID.text(.apiKey, result.apiKey))")
            Console.print("API key      \(result.secret)")
            Console.print("")
            Console.print("Store the key in your secret manager now: it is not shown again.")
            Console.print("Keep a copy of the master key apart from the data: one is worthless without the other.")
        }
        return .success
    }

    /// Makes the directory, the master key and the deployment.
    static func setUp(_ arguments: Arguments) async throws -> SetupResult {
        let issuer = try IssuerURL(arguments.required("issuer"))
        let environment = try CommonOptions.environment(arguments) ?? .live
        guard let algorithm = SignatureAlgorithm(rawValue: arguments.value("algorithm") ?? "ES256") else {
            throw UsageError("--algorithm must be ES256 or EdDSA")
        }
        let choice = try StoreChoice(arguments)
        guard choice != .memory else {
            throw UsageError("--store memory keeps nothing: `token-service serve --store memory` sets itself up")
        }
        let directory = try DataDirectory(arguments)
        let random = SystemRandomSource()
        let time = SystemTimeSource()
        try PrivateFile.makeDirectory(directory.path)
        // Before the data base, so that a key that can not be written leaves nothing behind.
        let master = try directory.masterKey(creates: true, random: random)
        let sealer = DeferredAuditSealer()
        let store = try directory.openStore(arguments, sealer: sealer, time: time)
        do {
            guard try await store.deployment() == nil else { throw StoreError.alreadyInitialised }
            let result = try await Setup(random: random).run(
                store: store,
                sealer: sealer,
                master: master,
                issuer: issuer.text,
                environment: environment,
                algorithm: algorithm,
                now: time.now()
            )
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}

/// Options that several commands share.
enum CommonOptions {
    static let json = CommandOption("json", nil, "prints JSON alone")

    static let platform = CommandOption("platform", nil, "with --data-dir: the deployment's platform keys")

    static let store = [
        CommandOption("config", "FILE", "reads settings from a JSON file"),
        CommandOption("data-dir", "DIR", "the deployment's directory"),
        CommandOption("store", "sqlite|memory|URL", "where state is kept (sqlite); postgres://… for several machines"),
        CommandOption("master-key-file", "FILE", "the master key (DIR/master.key)"),
    ]

    static let client =
        store + [
            CommandOption("url", "URL", "talks to a running service, with the key in TOKENSERVICE_API_KEY"),
            CommandOption("api-key-file", "FILE", "reads the API key from a file (- for standard input)"),
            CommandOption("environment", "live|test", "with --data-dir: which environment (that of the only keys)"),
            CommandOption("workspace", "ID|SLUG", "which workspace, where there is more than one"),
            CommandOption("timeout", "DURATION", "with --url: how long to wait for an answer (30s)"),
            json,
        ]

    static func environment(_ arguments: Arguments) throws(UsageError) -> DeploymentEnvironment? {
        guard let text = arguments.value("environment") else { return nil }
        guard let environment = DeploymentEnvironment(rawValue: text) else {
            throw UsageError("--environment must be live or test")
        }
        return environment
    }
}
