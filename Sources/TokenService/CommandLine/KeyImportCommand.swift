import Glibc
import InviteStore
import Platform
import StrictJSON

/// `token-service key import FILE`: takes in bcrypt-hashed keys of another product, all or none.
enum KeyImportCommand {
    /// Ten thousand lines of a few hundred bytes.
    private static let fileBytesMax = 16 << 20

    static let command = Command(
        "key import",
        "takes in bcrypt-hashed API keys of another product, from JSON lines",
        argument: "FILE",
        options: CommonOptions.client.filter { !["url", "api-key-file", "timeout"].contains($0.name) },
        run: run
    )

    private static func run(_ arguments: Arguments) async throws -> ExitCode {
        guard let file = arguments.positional.first else {
            throw UsageError("which file? Give its name, or - for standard input")
        }
        guard arguments.value("data-dir") != nil else {
            throw UsageError("--data-dir is required: keys are taken in by the operator, with the service not running")
        }
        let content: [UInt8]
        do {
            let path = file == "-" ? "/dev/stdin" : file
            content = try FileDescriptor(opening: path, flags: O_RDONLY | O_CLOEXEC).readAll(bytesMax: fileBytesMax)
        } catch {
            throw UsageError("\(file) can not be read: \(error)")
        }
        let transport = try await LocalTransport.open(arguments)
        do {
            let count = try await take(content, file, transport)
            await transport.close()
            Console.print(arguments.has("json") ? "{\"imported\":\(count)}" : "imported \(count) keys")
            return .success
        } catch {
            await transport.close()
            throw error
        }
    }

    private static func take(_ content: [UInt8], _ file: String, _ transport: LocalTransport) async throws -> Int {
        let services = transport.services
        let now = services.time.now()
        let tenant = transport.principal.tenant
        let settings = try await services.workspaces.settings(of: tenant)
        let reader = KeyImport(
            tenant: tenant,
            settings: settings,
            identifiers: services.identifiers,
            random: services.random,
            now: now
        )
        var keys: [ImportedAPIKey] = []
        var lines: [Int] = []
        for (offset, line) in content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        where line.contains(where: { $0 > 0x20 }) {
            guard keys.count < ServiceLimits.importKeysMax else {
                throw UsageError("\(file) has more than \(ServiceLimits.importKeysMax) keys: split it")
            }
            do {
                keys.append(try reader.key(line: Array(line)))
            } catch {
                throw UsageError("\(file):\(offset + 1): \(error.message)")
            }
            lines.append(offset + 1)
        }
        guard !keys.isEmpty else { throw UsageError("\(file) has no keys") }
        let drafts = keys.map { draft($0.key, services, now) }
        let command = ImportAPIKeys(keys: keys, activeKeysMax: settings.activeKeysMax, now: now, audit: drafts)
        switch try await services.store.importAPIKeys(command) {
        case .imported: return keys.count
        case .tooManyKeys:
            throw refusal("the plan allows \(settings.activeKeysMax ?? 0) API keys: nothing was imported")
        case .alreadyImported(let position):
            throw refusal("\(file):\(lines[position]): this hash was imported before: nothing was imported")
        case .tooManyAlike(let position):
            let most = ImportedAPIKey.alikeMax
            throw refusal(
                "\(file):\(lines[position]): more than \(most) keys have this prefix and the same first characters of the "
                    + "index: nothing was imported"
            )
        case .tooManyPrefixes(let position):
            let most = ImportedAPIKey.prefixesMax
            throw refusal("\(file):\(lines[position]): more than \(most) prefixes: nothing was imported")
        }
    }

    private static func refusal(_ sentence: String) -> Problem { Problem(.conflict, sentence) }

    private static func draft(_ key: APIKeyRecord, _ services: Services, _ now: UnixTime) -> AuditDraft {
        AuditDraft(
            id: services.identifiers.next(at: now),
            type: "key.imported",
            at: now,
            tenant: key.tenant,
            actor: "operator",
            target: TypeID.text(.apiKey, key.id),
            requestID: TypeID.text(.request, services.identifiers.next(at: now))
        )
    }
}
