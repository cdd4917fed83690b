import Foundation
import InviteStore
import Platform
import Synchronization
import TestSupport

/// A deployment with one workspace and one key, and short ways to make everything else.
final class Fixture: Sendable {
    /// The stores that the contract suite runs over.
    enum Kind: String, CaseIterable, Sendable {
        case memory
        #if SQLite
            case sqlite
        #endif
        #if Postgres
            case postgres
        #endif
    }

    static let start = UnixTime(seconds: 1_800_000_000)

    let store: any InviteStore
    let directory: TemporaryFolder?
    let ids = IDMaker()
    let tenant: Tenant
    let key: APIKeyRecord

    private init(store: any InviteStore, directory: TemporaryFolder?, tenant: Tenant, key: APIKeyRecord) {
        self.store = store
        self.directory = directory
        self.tenant = tenant
        self.key = key
    }

    static func make(_ kind: Kind, initialised: Bool = true) async throws -> Fixture {
        switch kind {
        case .memory:
            return try await make(MemoryInviteStore(auditSealer: TestSealer()), nil, initialised: initialised)
        #if SQLite
            case .sqlite:
                let directory = TemporaryFolder()
                return try await make(try sqlite(directory), directory, initialised: initialised)
        #endif
        #if Postgres
            case .postgres:
                let cluster = try PostgresCluster.shared.get()
                let address = cluster.address(schema: try cluster.makeSchema())
                return try await make(try postgres(address), nil, initialised: initialised)
        #endif
        }
    }

    #if Postgres
        /// A store with few connections, for commands whose times are the tests' own.
        static func postgres(
            _ address: String,
            observer: (any StoreObserver)? = nil,
            time: any TimeSource = SystemTimeSource(),
            _ adjust: (inout PostgresStoreOptions) -> Void = { _ in }
        ) throws -> PostgresInviteStore {
            var options = PostgresStoreOptions()
            options.readers = 1
            options.clockToleranceMilliseconds = nil
            options.canaryMilliseconds = nil
            adjust(&options)
            return try PostgresInviteStore(
                address: address,
                auditSealer: TestSealer(),
                time: time,
                options: options,
                observer: observer
            )
        }
    #endif

    static func make(
        _ store: any InviteStore,
        _ directory: TemporaryFolder?,
        initialised: Bool = true
    ) async throws -> Fixture {
        let workspace = RecordID(high: 1 << 16, low: 7)
        let tenant = Tenant(workspace: workspace, environment: .live)
        let key = apiKey(RecordID(high: 2 << 16, low: 7), tenant)
        let fixture = Fixture(store: store, directory: directory, tenant: tenant, key: key)
        if initialised { try await store.initialise(fixture.seed()) }
        return fixture
    }

    #if SQLite
        /// Opens the store of a directory.
        static func sqlite(
            _ directory: TemporaryFolder,
            time: any TimeSource = SystemTimeSource(),
            observer: (any StoreObserver)? = nil,
            change: (inout SQLiteStoreOptions) -> Void = { _ in }
        ) throws -> SQLiteInviteStore {
            var options = SQLiteStoreOptions()
            change(&options)
            return try SQLiteInviteStore(
                directory: directory.path,
                auditSealer: TestSealer(),
                time: time,
                options: options,
                observer: observer
            )
        }
    #endif

    func seed(audit: [AuditDraft] = []) -> DeploymentSeed {
        DeploymentSeed(
            deployment: DeploymentRecord(
                issuer: "https://tokens.example",
                createdAt: Self.start,
                masterKeyCheck: [1, 2, 3],
                dataKeys: ["address": [4, 5], "audit": [6]],
                signingKeys: [
                    SigningKeyRecord(
                        id: RecordID(high: 3 << 16, low: 1),
                        keyID: "kid-1",
                        algorithm: "ES256",
                        wrappedPrivateKey: [9, 9],
                        state: .inUse,
                        createdAt: Self.start
                    )
                ]
            ),
            workspace: WorkspaceRecord(
                id: tenant.workspace,
                slug: "acme",
                name: "Acme",
                plan: .enterprise,
                settings: Array("{}".utf8),
                createdAt: Self.start
            ),
            apiKey: key,
            audit: audit
        )
    }

    static func apiKey(_ id: RecordID, _ tenant: Tenant) -> APIKeyRecord {
        APIKeyRecord(
            id: id,
            tenant: tenant,
            digest: id.bytes + id.bytes,
            kind: .admin,
            name: "first",
            prefix: "ts_live_",
            last4: "abcd",
            scopes: ["invites:write", "tokens:read"],
            createdAt: start
        )
    }

    /// Keys of the tenant that may do nothing at the start: revoked, suspended, expired, and one that never was.
    func endedKeys() async throws -> [RecordID] {
        let ends: [(inout APIKeyRecord) -> Void] = [
            { $0.revokedAt = Self.start }, { $0.suspendedAt = Self.start }, { $0.expiresAt = Self.start },
        ]
        var ended = [ids.next(at: Self.start)]
        for end in ends {
            var key = Self.apiKey(ids.next(at: Self.start), tenant)
            end(&key)
            let outcome = try await store.createAPIKey(CreateAPIKey(key: key, now: Self.start, audit: []))
            guard outcome == .done(.created) else { throw Unexpected("\(outcome)") }
            ended.append(key.id)
        }
        return ended
    }

    func invite(
        at now: UnixTime = Fixture.start,
        id: RecordID? = nil,
        campaign: String = "spring",
        participant: UInt64 = 1,
        origins: [String] = [],
        maxUses: Int = 1,
        lifetimeSeconds: Int64 = 3600,
        key: RecordID? = nil,
        tenant: Tenant? = nil
    ) -> InviteRecord {
        InviteRecord(
            id: id ?? ids.next(at: now),
            tenant: tenant ?? self.tenant,
            apiKey: key ?? self.key.id,
            campaign: campaign,
            participant: KeyedDigest16(high: participant, low: 11),
            addressIndex: KeyedDigest16(high: participant &* 0x9E37_79B9_7F4A_7C15, low: 13),
            sealed: Array("ciphertext".utf8),
            allowedOrigins: origins,
            maxUses: maxUses,
            createdAt: now,
            expiresAt: now.adding(seconds: lifetimeSeconds)
        )
    }

    /// Stores the invites and returns them with the `rev` that they got.
    @discardableResult
    func mint(_ invites: InviteRecord..., at now: UnixTime = Fixture.start) async throws -> [InviteRecord] {
        let outcome = try await store.createInvites(CreateInvites(invites: invites, audit: [], now: now))
        guard case .done(.created(let rev)) = outcome else { throw Unexpected("\(outcome)") }
        return invites.map { invite in
            var invite = invite
            invite.rev = rev
            return invite
        }
    }

    func redeem(
        _ invite: InviteRecord,
        at now: UnixTime = Fixture.start,
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        origin: String? = nil,
        lifetimeSeconds: Int64 = 900,
        audit: [AuditDraft] = []
    ) async throws -> RedeemOutcome {
        try await store.redeem(
            RedeemInvite(
                tenant: invite.tenant,
                invite: invite.id,
                session: ids.next(at: now),
                holder: holder,
                boundKey: boundKey,
                origin: origin,
                renewUntil: now.adding(seconds: 4 * 3600),
                lifetimeSeconds: lifetimeSeconds,
                now: now,
                audit: audit
            )
        )
    }

    /// Redeems and expects a session.
    func open(
        _ invite: InviteRecord,
        at now: UnixTime = Fixture.start,
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        lifetimeSeconds: Int64 = 900
    ) async throws -> SessionRecord {
        let outcome = try await redeem(
            invite,
            at: now,
            holder: holder,
            boundKey: boundKey,
            lifetimeSeconds: lifetimeSeconds
        )
        guard case .opened(let session) = outcome else { throw Unexpected("\(outcome)") }
        return session
    }

    func renew(
        _ session: SessionRecord,
        at now: UnixTime = Fixture.start,
        needsProof: Bool = false,
        holder: [UInt8]? = nil,
        boundKey: String? = nil,
        lifetimeSeconds: Int64 = 900,
        audit: [AuditDraft] = []
    ) async throws -> RenewOutcome {
        try await store.renewSession(
            RenewSession(
                tenant: session.tenant,
                session: session.id,
                needsProof: needsProof,
                holder: holder,
                boundKey: boundKey,
                lifetimeSeconds: lifetimeSeconds,
                now: now,
                audit: audit
            )
        )
    }

    @discardableResult
    func end(
        _ session: RecordID,
        at now: UnixTime = Fixture.start,
        audit: [AuditDraft] = []
    ) async throws -> EndedSession? {
        try await store.endSession(EndSession(tenant: tenant, session: session, now: now, audit: audit))
    }

    @discardableResult
    func cutOff(_ target: CutOffTarget, at now: UnixTime = Fixture.start) async throws -> CutOffRecord {
        let outcome = try await store.createCutOff(
            CreateCutOff(
                id: ids.next(at: now),
                tenant: tenant,
                target: target,
                forgetAt: now.adding(seconds: 8 * 24 * 3600),
                now: now,
                audit: []
            )
        )
        guard case .done(let cutOff) = outcome else { throw Unexpected("\(outcome)") }
        return cutOff
    }

    func draft(
        _ type: String = "invite.created",
        at now: UnixTime = Fixture.start,
        actor: String = "key",
        target: String = "",
        tenant: Tenant?? = .none
    ) -> AuditDraft {
        AuditDraft(
            id: ids.next(at: now),
            type: type,
            at: now,
            tenant: tenant ?? self.tenant,
            actor: actor,
            target: target,
            requestID: "req_1",
            detail: Array("{}".utf8)
        )
    }

    func claim(_ name: UInt8, request: UInt8 = 1, expiresAt: UnixTime) -> IdempotencyClaim {
        IdempotencyClaim(
            scope: Array(repeating: name, count: 32),
            request: Array(repeating: request, count: 32),
            result: [name, request],
            expiresAt: expiresAt
        )
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Ids that rise with time, repeatable.
final class IDMaker: Sendable {
    private let counter = Atomic<UInt64>(0)

    func next(at time: UnixTime) -> RecordID {
        let count = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return RecordID(
            high: UInt64(clamping: time.milliseconds) << 16 | 0x7000 | (count >> 20) & 0xFFF,
            low: 0x8000_0000_0000_0000 | count
        )
    }
}

/// A stand-in for the keyed hash: it spreads and depends on every byte, which is all the chain's form needs.
struct TestSealer: AuditSealer {
    func seal(_ canonical: [UInt8]) -> [UInt8] {
        var lanes: [UInt64] = [1, 2, 3, 4]
        for (index, byte) in canonical.enumerated() {
            lanes[index & 3] = (lanes[index & 3] ^ UInt64(byte) &+ UInt64(index)) &* 0x0000_0100_0000_01B3
        }
        return lanes.flatMap { lane in (0..<8).map { UInt8(truncatingIfNeeded: lane >> UInt64($0 * 8)) } }
    }
}
