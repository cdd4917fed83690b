import InviteStore
import Platform
import StrictJSON

/// `token-service audit …`.
enum AuditCommands {
    static let commands = [verify]

    private static let verify = Command(
        "audit verify",
        "checks that no audit event was changed, removed or put in (exit code 1: it names the first)",
        options: CommonOptions.store + [
            CommandOption("expect-head", "FILE", "heads that were written earlier: finds what was cut off after them"),
            CommandOption("write-head", "FILE", "writes the heads, to be kept elsewhere for --expect-head"),
            CommonOptions.json,
        ]
    ) { arguments in
        let directory = try DataDirectory(arguments)
        let expected = try expectedHeads(arguments)
        switch try StoreChoice(arguments) {
        case .memory: throw UsageError("--store memory keeps no audit trail")
        case .sqlite:
            #if SQLite
                let archive = try SQLiteAuditArchive(directory: directory.path, time: SystemTimeSource())
                let sealer = try sealer(try await archive.deployment(), directory)
                return try await report(AuditVerifier(source: archive, sealer: sealer), expected, arguments)
            #else
                throw UsageError("this build has no SQLite")
            #endif
        case .postgres:
            // Reads only: it takes a chain of its own and writes nothing to it.
            let store = try directory.openStore(arguments, sealer: DeferredAuditSealer(), time: SystemTimeSource())
            do {
                let sealer = try sealer(try await store.deployment(), directory)
                let code = try await report(AuditVerifier(source: store, sealer: sealer), expected, arguments)
                await store.close()
                return code
            } catch {
                await store.close()
                throw error
            }
        }
    }

    private static func sealer(_ deployment: DeploymentRecord?, _ directory: DataDirectory) throws -> HMACAuditSealer {
        guard let deployment else { throw StoreError.notInitialised }
        let master = try directory.masterKey(creates: false, random: SystemRandomSource())
        return HMACAuditSealer(key: try DataKeys(deployment.dataKeys, under: master).audit)
    }

    private static func expectedHeads(_ arguments: Arguments) throws -> [AuditHeadMark] {
        guard let path = arguments.value("expect-head") else { return [] }
        guard let content = try? FileDescriptor(opening: path, flags: 0).readAll(bytesMax: 256 * 1024),
            let heads = AuditHeadList.parse(content), !heads.isEmpty
        else { throw UsageError("--expect-head: \(path) is not a file that --write-head wrote") }
        return heads
    }

    /// Prints what was found; the head is written only where all is well.
    private static func report(
        _ verifier: AuditVerifier,
        _ expected: [AuditHeadMark],
        _ arguments: Arguments
    ) async throws -> ExitCode {
        let chains: [VerifiedChain]
        do {
            chains = try await verifier.verify(expecting: expected)
        } catch let damage as AuditDamage {
            if arguments.has("json") { printJSON([], damage) }
            Console.error("token-service: the audit trail is damaged: \(damage.sentence)")
            return .failure
        }
        if let path = arguments.value("write-head") {
            try PrivateFile.replace(path, content: AuditHeadList.json(chains.map(\.head)) + [UInt8(ascii: "\n")])
        }
        if arguments.has("json") {
            printJSON(chains, nil)
            return .success
        }
        Console.print("the audit trail is intact")
        for chain in chains {
            let first = chain.removedThrough + 1
            Console.print("chain \(chain.head.chain)  \(chain.events) events, \(first) to \(chain.head.sequence)")
            Console.print("head     \(Base64URLText.encode(chain.head.mac))")
        }
        return .success
    }

    private static func printJSON(_ chains: [VerifiedChain], _ damage: AuditDamage?) {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("intact", damage == nil)
        writer.name("chains")
        writer.beginArray()
        for chain in chains {
            writer.beginObject()
            writer.member("chain", chain.head.chain)
            writer.member("events", chain.events)
            writer.member("removed_through", chain.removedThrough)
            writer.member("sequence", chain.head.sequence)
            writer.member("mac", Base64URLText.encode(chain.head.mac))
            writer.endObject()
        }
        writer.endArray()
        writer.name("problem")
        if let damage {
            writer.beginObject()
            writer.member("chain", damage.chain)
            writer.member("sequence", damage.sequence)
            writer.member("message", damage.what)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.endObject()
        Console.print(String(decoding: writer.bytes, as: UTF8.self))
    }
}
