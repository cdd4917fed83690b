import HTTPServer
package import InviteStore
package import Platform
package import Telemetry

/// Everything that handlers need, wired once by ``Application``.
package struct Services: Sendable {
    package let store: any InviteStore
    package let time: any TimeSource
    package let random: any RandomSource
    package let log: Logger
    package let metrics: ServiceMetrics
    package let identifiers: IdentifierGenerator
    package let keys: DataKeys
    package let directory: APIKeyDirectory
    package let workspaces: WorkspaceDirectory
    package let authenticator: Authenticator
    package let addresses: AddressLimiter
    package let events: SecurityEvents
    package let revocations: RevocationView
    package let issuance: Issuance
    package let idempotency: IdempotencyGate
    package let audit: AuditTrail
    package let cursors: PageCursor
    package let policy: LifetimePolicy
    /// Nil where both environments are served.
    package let environment: DeploymentEnvironment?

    package var keyring: SigningKeyring { issuance.keyring }
    package var pseudonyms: Pseudonymizer { issuance.pseudonyms }
    package var sealer: RecordSealer { issuance.sealer }
}
