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
