package import InviteStore
package import OpenSSLKit
import Platform
import Synchronization
package import Telemetry

/// Knows keys that came from another product with a bcrypt hash, until their first use gives them a keyed digest.
///
/// Costs nothing where no prefix was imported, and nothing for a key with a right checksum that is found. The hash is
/// checked on one worker with a bounded queue; at most ``ImportedAPIKey/alikeMax`` hashes for one presented key.
package final class ImportedKeys: Sendable {
    private let store: any InviteStore
    private let audit: AuditTrail
    private let hashes: SlowHashQueue
    private let log: Logger
    /// Longest first.
    private let prefixes = Mutex<[[UInt8]]>([])

    package init(store: any InviteStore, audit: AuditTrail, hashes: SlowHashQueue, log: Logger) {
        self.store = store
        self.audit = audit
        self.hashes = hashes
        self.log = log
    }

    /// Reads the prefixes; called before the listener opens.
    package func load() async throws(StoreError) {
        let stored = try await store.importedPrefixes().prefix(ImportedAPIKey.prefixesMax).map { Array($0.utf8) }
        prefixes.withLock { $0 = stored.sorted { $0.count > $1.count } }
    }

    /// Reads the prefixes again, as another process may have imported some; false where that failed.
    @discardableResult
    package func refresh() async -> Bool {
        do {
            try await load()
            return true
        } catch {
            log.error("imported prefixes not read", ["error": .string("\(error)")])
            return false
        }
    }

    /// The presented text as a key, where it starts with an imported prefix: for such keys alone there is no checksum.
    package func secret(_ presented: [UInt8]) -> APIKeySecret? {
        prefix(of: presented) == nil ? nil : APIKeySecret(imported: presented)
    }

    private func prefix(of presented: [UInt8]) -> [UInt8]? {
        prefixes.withLock { $0.first { presented.starts(with: $0) } }
    }

    /// Looks for the one imported key that the secret belongs to, and gives it the digest.
    ///
    /// - Returns: whether there is a key under the digest now.
    /// - Throws: 503 where too many checks wait; ``StoreError``.
    package func settle(_ secret: APIKeySecret, _ digest: Digest256, _ call: Call) async throws -> Bool {
        let presented = Array(secret.text.utf8)
        guard let prefix = prefix(of: presented) else { return false }
        let rest = String(decoding: presented.dropFirst(prefix.count), as: UTF8.self)
        guard rest.utf8.count > ImportedAPIKey.leadCharacters else { return false }
        let candidates = try await store.importedAPIKeys(
            prefix: String(decoding: prefix, as: UTF8.self),
            lead: String(rest.prefix(ImportedAPIKey.leadCharacters))
        ).prefix(ImportedAPIKey.alikeMax).filter { rest.hasPrefix($0.index) }
        guard !candidates.isEmpty else { return false }
        let known = candidates.map { BcryptHash(parsing: $0.hash) }
        guard let position = try await hashes.firstMatch(presented, known), candidates.indices.contains(position) else {
            return false
        }
        let key = candidates[position].key
        let name = TypeID.text(.apiKey, key.id)
        let draft = audit.draft("key.rehashed", call, tenant: key.tenant, actor: name, target: name)
        _ = try await store.settleImport(
            SettleImport(id: key.id, digest: digest.bytes, last4: secret.last4, now: call.now, audit: [draft])
        )
        return true
    }
}
