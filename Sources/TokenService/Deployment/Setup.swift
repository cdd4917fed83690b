package import InviteStore
package import OpenSSLKit
package import Platform
import Synchronization

/// What `init` made: the ids, and the one secret that is shown once.
package struct SetupResult: Sendable {
    package let workspace: RecordID
    package let environment: DeploymentEnvironment
    package let apiKey: RecordID
    package let secret: String
}

/// The audit sealer of a store that is opened before its keys are known.
///
/// Nothing is written to the audit trail before ``arm(_:)``: reading a deployment writes none, and setting one up arms
/// it first.
package final class DeferredAuditSealer: AuditSealer {
    private let sealer = Mutex<HMACAuditSealer?>(nil)

    package init() {}

    package func arm(_ key: HMACSHA256Key) { sealer.withLock { $0 = HMACAuditSealer(key: key) } }

    package func seal(_ canonical: [UInt8]) -> [UInt8] {
        guard let sealer = sealer.withLock({ $0 }) else {
            preconditionFailure("an audit event before the audit key was opened")
        }
        return sealer.seal(canonical)
    }
}

/// Sets up an empty store: data keys, signing key, workspace and its first admin key, in one transaction.
package struct Setup: Sendable {
    private let random: any RandomSource
    private let identifiers: IdentifierGenerator

    package init(random: any RandomSource) {
        self.random = random
        identifiers = IdentifierGenerator(random: random)
    }

    /// - Parameters:
    ///   - issuer: the `iss` of every token, without a trailing slash.
    ///   - algorithm: of the first signing key.
    /// - Throws: ``StoreError/alreadyInitialised`` where the store is set up.
    package func run(
        store: any InviteStore,
        sealer: DeferredAuditSealer,
        master: MasterKey,
        issuer: String,
        environment: DeploymentEnvironment,
        algorithm: SignatureAlgorithm,
        now: UnixTime
    ) async throws -> SetupResult {
        let wrapped = DataKeys.generate(under: master, random: random)
        let keys = try DataKeys(wrapped, under: master)
        sealer.arm(keys.audit)
        let signingKey = try SigningKeyring.generate(
            algorithm,
            wrapping: keys.signingKeys,
            id: identifiers.next(at: now),
            now: now,
            random: random
        )
        let deployment = DeploymentRecord(
            issuer: issuer,
            createdAt: now,
            masterKeyCheck: master.makeCheck(random: random),
            dataKeys: wrapped,
            signingKeys: [signingKey]
        )
        let workspace = WorkspaceRecord(
            id: identifiers.next(at: now),
            slug: "default",
            name: "Default workspace",
            plan: .enterprise,
            settings: WorkspaceSettings(plan: .enterprise).json,
            createdAt: now
        )
        let secret = APIKeySecret(prefix: APIKeySecret.defaultPrefix(environment), random: random)
        let key = APIKeyRecord(
            id: identifiers.next(at: now),
            tenant: Tenant(workspace: workspace.id, environment: environment),
            digest: keys.apiKeyDigest.authenticate(Array(secret.text.utf8)).bytes,
            kind: .admin,
            name: "First admin key",
            prefix: secret.prefix,
            last4: secret.last4,
            scopes: Scope.allOfWorkspace.map(\.text),
            createdAt: UnixTime(seconds: now.seconds)
        )
        try await store.initialise(
            DeploymentSeed(
                deployment: deployment,
                workspace: workspace,
                apiKey: key,
                audit: [
                    draft("workspace.created", TypeID.text(.workspace, workspace.id), key.tenant, now),
                    draft("key.created", TypeID.text(.apiKey, key.id), key.tenant, now),
                ]
            )
        )
        return SetupResult(workspace: workspace.id, environment: environment, apiKey: key.id, secret: secret.text)
    }

    private func draft(_ type: String, _ target: String, _ tenant: Tenant, _ now: UnixTime) -> AuditDraft {
        AuditDraft(
            id: identifiers.next(at: now),
            type: type,
            at: now,
            tenant: tenant,
            actor: "operator",
            target: target,
            requestID: TypeID.text(.request, identifiers.next(at: now))
        )
    }
}
