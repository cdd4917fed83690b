import HTTPServer
package import InviteStore
package import Platform
package import Telemetry

/// Everything that handlers need, wired once by ``ServiceFactory``.
///
/// A class, so that a handler on its way to a task holds one reference instead of twenty.
package final class Services: Sendable {
    package let store: any InviteStore
    package let time: ServiceClock
    package let random: any RandomSource
    package let log: Logger
    package let metrics: ServiceMetrics
    package let identifiers: IdentifierGenerator
    package let keys: DataKeys
    package let directory: APIKeyDirectory
    package let imports: ImportedKeys
    package let workspaces: WorkspaceDirectory
    package let authenticator: Authenticator
    package let addresses: AddressLimiter
    package let events: SecurityEvents
    package let revocations: RevocationView
    package let issuance: Issuance
    package let idempotency: IdempotencyGate
    package let audit: AuditTrail
    package let usage: UsageLedger
    package let cursors: PageCursor
    package let policies: PolicyDirectory
    package let console: ConsoleGate
    package let webhooks: WebhookDesk
    package let proofs: ProofVerifier
    /// What it holds counts while the keyring that found it good is in use.
    package let validated: ValidatedTokenCache
    /// Nil where both environments are served.
    package let environment: DeploymentEnvironment?
    package let background: BackgroundWork

    package init(
        store: any InviteStore,
        time: ServiceClock,
        random: any RandomSource,
        log: Logger,
        metrics: ServiceMetrics,
        identifiers: IdentifierGenerator,
        keys: DataKeys,
        directory: APIKeyDirectory,
        imports: ImportedKeys,
        workspaces: WorkspaceDirectory,
        authenticator: Authenticator,
        addresses: AddressLimiter,
        events: SecurityEvents,
        revocations: RevocationView,
        issuance: Issuance,
        idempotency: IdempotencyGate,
        audit: AuditTrail,
        usage: UsageLedger,
        cursors: PageCursor,
        policies: PolicyDirectory,
        console: ConsoleGate,
        webhooks: WebhookDesk,
        proofs: ProofVerifier,
        validated: ValidatedTokenCache,
        environment: DeploymentEnvironment?,
        background: BackgroundWork
    ) {
        self.store = store
        self.time = time
        self.random = random
        self.log = log
        self.metrics = metrics
        self.identifiers = identifiers
        self.keys = keys
        self.directory = directory
        self.imports = imports
        self.workspaces = workspaces
        self.authenticator = authenticator
        self.addresses = addresses
        self.events = events
        self.revocations = revocations
        self.issuance = issuance
        self.idempotency = idempotency
        self.audit = audit
        self.usage = usage
        self.cursors = cursors
        self.policies = policies
        self.console = console
        self.webhooks = webhooks
        self.proofs = proofs
        self.validated = validated
        self.environment = environment
        self.background = background
    }

    package var keyring: SigningKeyring { issuance.keyring }
    package var pseudonyms: Pseudonymizer { issuance.pseudonyms }
    package var sealer: RecordSealer { issuance.sealer }
}
