package import Platform

/// What one deployment is: its name to the world, its wrapped secrets, its signing keys.
package struct DeploymentRecord: Equatable, Sendable {
    /// The `iss` of every token.
    package var issuer: String
    package var createdAt: UnixTime
    /// A value that only the right master key can open.
    package var masterKeyCheck: [UInt8]
    /// Data keys by purpose, wrapped under the master key.
    package var dataKeys: [String: [UInt8]]
    package var signingKeys: [SigningKeyRecord]

    package init(
        issuer: String,
        createdAt: UnixTime,
        masterKeyCheck: [UInt8],
        dataKeys: [String: [UInt8]],
        signingKeys: [SigningKeyRecord]
    ) {
        self.issuer = issuer
        self.createdAt = createdAt
        self.masterKeyCheck = masterKeyCheck
        self.dataKeys = dataKeys
        self.signingKeys = signingKeys
    }
}

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
    package var createdAt: UnixTime

    package init(
        id: RecordID,
        keyID: String,
        algorithm: String,
        wrappedPrivateKey: [UInt8],
        state: SigningKeyState,
        createdAt: UnixTime
    ) {
        self.id = id
        self.keyID = keyID
        self.algorithm = algorithm
        self.wrappedPrivateKey = wrappedPrivateKey
        self.state = state
        self.createdAt = createdAt
    }
}

/// Everything that the first command of a deployment writes, in one transaction.
package struct DeploymentSeed: Sendable {
    package var deployment: DeploymentRecord
    package var workspace: WorkspaceRecord
    package var apiKey: APIKeyRecord
    package var audit: [AuditDraft]

    package init(
        deployment: DeploymentRecord,
        workspace: WorkspaceRecord,
        apiKey: APIKeyRecord,
        audit: [AuditDraft]
    ) {
        self.deployment = deployment
        self.workspace = workspace
        self.apiKey = apiKey
        self.audit = audit
    }
}
