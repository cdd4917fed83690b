#if Postgres
    /// A record of one tenant, as a key of tables in memory.
    struct PlacedID: Hashable, Comparable {
        let tenant: Int64
        let id: RecordID

        static func < (left: PlacedID, right: PlacedID) -> Bool {
            left.tenant == right.tenant ? left.id < right.id : left.tenant < right.tenant
        }
    }

    /// One holder of one invite.
    struct PlacedHolder: Hashable {
        let invite: PlacedID
        let holder: [UInt8]
    }

    /// What the commands of one transaction want to know before they decide, so that it is read in one round trip.
    struct PostgresNeeds {
        var tenants: Set<Tenant> = []
        var claims: Set<[UInt8]> = []
        var keys: Set<RecordID> = []
        /// Invites to be redeemed: their rows are locked.
        var invites: [(tenant: Tenant, id: RecordID)] = []
        var holders: [(tenant: Tenant, invite: RecordID, holder: [UInt8])] = []
        /// Sessions to be renewed or ended: their rows are locked, or a token could outlive what is known of its session.
        var sessions: [(tenant: Tenant, id: RecordID)] = []

        /// How many rows it takes to read and write for these commands, about.
        private(set) var rows = 0

        mutating func add(_ claim: IdempotencyClaim?) { if let claim { claims.insert(claim.scope) } }

        mutating func add(_ command: CreateInvites) {
            add(command.claim)
            rows += command.invites.count + command.audit.count
            for invite in command.invites {
                tenants.insert(invite.tenant)
                keys.insert(invite.apiKey)
            }
        }

        mutating func add(_ command: CreateSession) {
            add(command.claim)
            rows += 1
            tenants.insert(command.session.tenant)
            keys.insert(command.session.apiKey)
        }

        mutating func add(_ drafts: [AuditDraft]) { rows += drafts.count }

        mutating func add(_ command: RedeemInvite) {
            tenants.insert(command.tenant)
            invites.append((command.tenant, command.invite))
            if let holder = command.holder { holders.append((command.tenant, command.invite, holder)) }
        }

        mutating func add(_ command: RenewSession) {
            tenants.insert(command.tenant)
            sessions.append((command.tenant, command.session))
        }

        mutating func add(_ command: EndSession) {
            tenants.insert(command.tenant)
            sessions.append((command.tenant, command.session))
        }
    }
#endif
