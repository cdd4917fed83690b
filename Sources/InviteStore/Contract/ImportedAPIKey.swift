package import Platform

/// A key of another product: its record, and the slow hash under which its secret is known until it is first used.
package struct ImportedAPIKey: Equatable, Sendable {
    /// Its `digest` is a placeholder that no secret has, until ``SettleImport`` gives it the real one.
    package var key: APIKeyRecord
    /// The characters of the secret that follow the prefix; at least ``leadCharacters`` of them.
    package var index: String
    /// The bcrypt hash of the secret.
    package var hash: String

    package init(key: APIKeyRecord, index: String, hash: String) {
        self.key = key
        self.index = index
        self.hash = hash
    }

    /// Characters after the prefix by which imported keys are found.
    package static let leadCharacters = 8
    /// Keys that may share a prefix and a lead: as many hashes may one presented secret cost.
    package static let alikeMax = 4
    /// Different prefixes that may be imported in all.
    package static let prefixesMax = 64

    /// The first characters of the index.
    package var lead: String { String(index.prefix(Self.leadCharacters)) }
}

/// Takes in keys of another product: all of them or none.
package struct ImportAPIKeys: Sendable {
    package var keys: [ImportedAPIKey]
    /// Refuse where the tenant would have more keys that are neither revoked, expired nor replaced; nil for no limit.
    package var activeKeysMax: Int?
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(keys: [ImportedAPIKey], activeKeysMax: Int?, now: UnixTime, audit: [AuditDraft]) {
        self.keys = keys
        self.activeKeysMax = activeKeysMax
        self.now = now
        self.audit = audit
    }
}

/// What came of an import; positions count the keys of the command from 0.
package enum ImportAPIKeysOutcome: Equatable, Sendable {
    case imported
    case tooManyKeys
    /// This hash was imported before.
    case alreadyImported(position: Int)
    /// More than ``ImportedAPIKey/alikeMax`` keys would share a prefix and the first characters after it.
    case tooManyAlike(position: Int)
    /// More than ``ImportedAPIKey/prefixesMax`` prefixes.
    case tooManyPrefixes(position: Int)
}

/// Gives an imported key its keyed digest and forgets the slow hash.
package struct SettleImport: Sendable {
    package var id: RecordID
    /// HMAC-SHA-256 of the secret that matched, 32 bytes.
    package var digest: [UInt8]
    /// The last four characters of the secret.
    package var last4: String
    package var now: UnixTime
    package var audit: [AuditDraft]

    package init(id: RecordID, digest: [UInt8], last4: String, now: UnixTime, audit: [AuditDraft]) {
        self.id = id
        self.digest = digest
        self.last4 = last4
        self.now = now
        self.audit = audit
    }
}
