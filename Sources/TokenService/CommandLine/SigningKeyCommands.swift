import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

/// `token-service signing-key …`: for the operator alone, since all workspaces' tokens are signed by the same keys.
///
/// On SQLite the service must be stopped; on PostgreSQL replicas may run, and learn of the change like of any other.
enum SigningKeyCommands {
    static let commands = [list, rotate, activate, revoke]

    private static let options = CommonOptions.store + [CommonOptions.json]

    private static let list = Command(
        "signing-key list",
        "lists the keys that sign and verify tokens, and what becomes of each when",
        options: options
    ) { arguments in
        try await open(arguments) { services in
            guard let keys = try await services.store.deployment()?.signingKeys else { throw StoreError.notInitialised }
            let rotation = services.rotation(of: keys)
            Listing.print(
                keys.compactMap { (try? JSONDocument(parsing: json($0, rotation)))?.root },
                columns: ["id", "kid", "algorithm", "state", "since", "signs_from", "kept_until"],
                asJSON: arguments.has("json")
            )
            return .success
        }
    }

    private static let rotate = Command(
        "signing-key rotate",
        "publishes a new signing key; the service puts it into use when everybody can know it",
        options: options + [CommandOption("algorithm", "ES256|EdDSA", "of the new key (that of the key in use)")]
    ) { arguments in
        let wanted = try arguments.value("algorithm").map { text throws(UsageError) in
            guard let algorithm = SignatureAlgorithm(rawValue: text) else {
                throw UsageError("--algorithm must be ES256 or EdDSA")
            }
            return algorithm
        }
        return try await open(arguments) { services in
            let now = services.time.now()
            let inUse = services.issuance.keyrings.records.first { $0.state == .inUse }
            let algorithm = wanted ?? inUse.flatMap { SignatureAlgorithm(rawValue: $0.algorithm) } ?? .es256
            let key = try services.makeSigningKey(algorithm, now: now)
            let keys = try await services.changeSigningKeys(by: "operator", now: now) { try $0.adding(key) }
            show(key.id, services.rotation(of: keys), arguments)
            return .success
        }
    }

    private static let activate = Command(
        "signing-key activate",
        "puts a signing key into use, if everybody can know it; the one before goes on verifying",
        argument: "KEY_ID",
        options: options + [CommandOption("now", nil, "at once, where the key in use has leaked")]
    ) { arguments in
        let id = try keyID(arguments)
        return try await open(arguments) { services in
            let now = services.time.now()
            let keys = try await services.changeSigningKeys(by: "operator", now: now) { rotation in
                try rotation.activating(id, at: now, isForced: arguments.has("now"))
            }
            show(id, services.rotation(of: keys), arguments)
            return .success
        }
    }

    private static let revoke = Command(
        "signing-key revoke",
        "ends a signing key that is not in use: all that it signed is refused",
        argument: "KEY_ID",
        options: options
    ) { arguments in
        let id = try keyID(arguments)
        return try await open(arguments) { services in
            let now = services.time.now()
            let keys = try await services.changeSigningKeys(by: "operator", now: now) { try $0.revoking(id, at: now) }
            show(id, services.rotation(of: keys), arguments)
            return .success
        }
    }

    private static func keyID(_ arguments: Arguments) throws -> RecordID {
        guard let text = arguments.positional.first else {
            throw UsageError("which key? Give its id (sgk_…): `token-service signing-key list` has it")
        }
        guard let id = TypeID.parse(.signingKey, text) else {
            throw UsageError("\(text.prefix(40)) is no id of a signing key (sgk_…)")
        }
        return id
    }

    /// Runs `body` on the deployment of the directory, and closes it whatever happens.
    private static func open(
        _ arguments: Arguments,
        _ body: (Services) async throws -> ExitCode
    ) async throws -> ExitCode {
        let services = try await LocalTransport.services(arguments)
        do {
            let code = try await body(services)
            await services.store.close()
            return code
        } catch {
            await services.store.close()
            throw error
        }
    }

    private static func show(_ id: RecordID, _ rotation: SigningKeyRotation, _ arguments: Arguments) {
        guard let key = rotation.keys.first(where: { $0.id == id }) else { return }
        if arguments.has("json") {
            Console.print(String(decoding: json(key, rotation), as: UTF8.self))
            return
        }
        Console.print("key id     \(TypeID.text(.signingKey, key.id))")
        Console.print("kid        \(key.keyID)")
        Console.print("algorithm  \(key.algorithm)")
        switch key.state {
        case .standby:
            let from = rotation.signsFrom(key).map(RFC3339.text) ?? "-"
            Console.print("\nIt is published as soon as the service runs, which lets it sign from \(from) on.")
            Console.print("The key before it stays published until its last token is over.")
        case .inUse:
            Console.print("\nIt signs from now on. The key before it stays published until its last token is over;")
            Console.print("where that one has leaked, revoke it.")
        case .previouslyUsed, .revoked:
            Console.print("\nNothing that it signed is accepted any more.")
        }
    }

    private static func json(_ key: SigningKeyRecord, _ rotation: SigningKeyRotation) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.beginObject()
        writer.member("id", .signingKey, key.id)
        writer.member("kid", key.keyID)
        writer.member("algorithm", key.algorithm)
        writer.member("state", key.state.rawValue)
        writer.member("created_at", time: key.createdAt)
        writer.member("since", time: key.stateSince)
        writer.member("signs_from", time: rotation.signsFrom(key))
        writer.member("kept_until", time: rotation.keptUntil(key))
        writer.endObject()
        return writer.bytes
    }
}
