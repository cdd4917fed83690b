#if Postgres
    internal import Platform

    /// A claim as it is stored.
    struct StoredClaim {
        let request: [UInt8]
        let result: [UInt8]
        let expiresAt: UnixTime
    }

    /// What one transaction has read, with what its commands decided laid over it, and what it is to write.
    ///
    /// Commands that share a transaction see each other through it.
    struct PostgresBatch {
        // MARK: Read

        /// The number of the last cut-off, read before everything else in the transaction.
        var rev: Int64 = 0
        /// PostgreSQL's clock.
        var serverTime = UnixTime(milliseconds: 0)
        var claims: [[UInt8]: StoredClaim] = [:]
        var keys: [RecordID: APIKeyState] = [:]
        var invites: [PlacedID: StoredInvite] = [:]
        var sessions: [PlacedID: SessionRecord] = [:]
        var redemptions: [PlacedHolder: (session: RecordID, at: UnixTime)] = [:]

        // MARK: To be written

        struct Use {
            var count: Int64
            var session: RecordID
            var at: UnixTime
        }

        struct Ending {
            let session: PlacedID
            let at: UnixTime
            /// As it was decided on.
            let tokensUntil: UnixTime
            let forgetAt: UnixTime
        }

        var newInvites: [(tenant: Int64, invite: InviteRecord)] = []
        var newSessions: [(tenant: Int64, session: SessionRecord)] = []
        var uses: [PlacedID: Use] = [:]
        var newRedemptions: [PlacedHolder: (session: RecordID, at: UnixTime)] = [:]
        /// Until when the renewed sessions have tokens now.
        var renewals: [PlacedID: UnixTime] = [:]
        var endings: [Ending] = []
        /// Claims with the time of their command, before which an older claim under the same scope must have ended.
        var newClaims: [(claim: IdempotencyClaim, now: UnixTime)] = []
        var events: [AuditRecord] = []
        var changes: [PostgresChange] = []
        /// True where a command wrote rows itself.
        var hasWritten = false

        /// True where there is nothing that a commit would keep.
        var isEmpty: Bool {
            newInvites.isEmpty && newSessions.isEmpty && uses.isEmpty && renewals.isEmpty && endings.isEmpty
                && newClaims.isEmpty && events.isEmpty && changes.isEmpty && !hasWritten
        }
    }

    /// Something that other replicas must learn of, by kind and subject.
    struct PostgresChange {
        enum Kind: Int64 {
            case cutOff = 1
            case endedSession = 2
            case apiKey = 3
            case workspace = 4
            case policy = 5
            case signingKeys = 6
            case importedPrefixes = 7
            /// Nothing: made to see how long it takes to be heard.
            case canary = 8
        }

        let kind: Kind
        /// What it is about; empty where the kind says all.
        let subject: [UInt8]
    }
#endif
