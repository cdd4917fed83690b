package import Platform

/// The stages of a signing key.
///
/// `standby`, `inUse` and `previouslyUsed` are published and verify; only `inUse` signs.
package enum SigningKeyState: String, Sendable, CaseIterable {
    case standby
    case inUse = "in_use"
    case previouslyUsed = "previously_used"
    case revoked
}

/// One signing key; its private part is ciphertext to the store.
package struct SigningKeyRecord: Equatable, Sendable {
    package var id: RecordID
    /// The `kid`: the RFC 7638 thumbprint of the public key.
    package var keyID: String
    /// `ES256` or `EdDSA`.
    package var algorithm: String
    package var wrappedPrivateKey: [UInt8]
    package var state: SigningKeyState
    /// Since when it is in this state.
    package var stateSince: UnixTime
    package var createdAt: UnixTime

    /// - Parameter stateSince: nil for since it was made.
    package init(
        id: RecordID,
        keyID: String,
        algorithm: String,
        wrappedPrivateKey: [UInt8],
        state: SigningKeyState,
        createdAt: UnixTime,
        stateSince: UnixTime? = nil
    ) {
        self.id = id
        self.keyID = keyID
        self.algorithm = algorithm
        self.wrappedPrivateKey = wrappedPrivateKey
        self.state = state
        self.createdAt = createdAt
        self.stateSince = stateSince ?? createdAt
    }
}

/// Replaces the signing keys, if they still are as the caller read them: of several who change them at once, one does.
package struct ReplaceSigningKeys: Sendable {
    /// All of them as they were read, in their order.
    package var expected: [SigningKeyRecord]
    /// All of them as they shall be.
    package var keys: [SigningKeyRecord]
    package var now: UnixTime
    /// Stored only with the change.
    package var audit: [AuditDraft]

    package init(expected: [SigningKeyRecord], keys: [SigningKeyRecord], now: UnixTime, audit: [AuditDraft]) {
        self.expected = expected
        self.keys = keys
        self.now = now
        self.audit = audit
    }
}
