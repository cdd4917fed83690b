#if SQLite
    internal import Platform

    /// Where a sweep stands between its steps and calls.
    ///
    /// A call is over when everything was looked at, or as much as it may. The next one goes on with whatever has waited
    /// longest, and in a walk where the one before stopped: a walk that is at its end begins again from the lowest.
    struct SweepCursor: Sendable {
        enum Stage: CaseIterable, Sendable {
            case invites
            case sessions
            case cutOffs
            case endedSessions
            case claims
            case usage
            case notices
            case memberSessions
        }

        /// A way through a table by tenant and id, of which many rows may have to stay.
        struct Walk: Sendable {
            /// The tenant being swept, and the last id that was looked at; nil before the first.
            var tenant: Int64?
            var id = RecordID(high: 0, low: 0)
            /// Whether it began in this call: then its end is the end of what there is to look at.
            var isNew = false
            /// Rows that this call looked at.
            var examined = 0

            mutating func beginCall() {
                isNew = tenant == nil
                examined = 0
            }

            /// Begins again; true where the whole table was looked at in this call.
            mutating func end() -> Bool {
                defer { isNew = true }
                (tenant, id) = (nil, RecordID(high: 0, low: 0))
                return isNew
            }
        }

        /// Rows of each walk that one call looks at, to the step.
        let walkRowsMax: Int
        /// What has not been done in this call.
        private(set) var pending: Set<Stage> = []
        private var turns = SweepTurns<Stage>()
        var invites = Walk()
        var sessions = Walk()
        /// Ids below this (milliseconds) are old to the walk through the invites under way.
        var limit = UInt64(0)
        /// The lowest id of an invite that stays, in milliseconds: every older one is gone.
        var oldestLeft = UInt64.max
        /// Invites that had been made with old ids when the walk through the invites began; nil before its first step.
        var lateInvites: UInt64?

        init(walkRowsMax: Int) { self.walkRowsMax = max(1, walkRowsMax) }

        var isFinished: Bool { pending.isEmpty }

        mutating func beginCall() {
            pending = Set(Stage.allCases)
            invites.beginCall()
            sessions.beginCall()
        }

        mutating func next() -> Stage? { turns.next(of: pending) }

        mutating func finish(_ stage: Stage) { pending.remove(stage) }
    }

    extension Writer {
        /// Rows that one step looks at: about a millisecond's worth.
        static let sweptRowsMax = 256

        /// Does one bounded step of a sweep and returns how many rows it removed.
        ///
        /// What is removed because its time was over must stay over: the instant counts as stored.
        func sweepStep(_ cursor: inout SweepCursor, now: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            guard let stage = cursor.next() else { return 0 }
            let newest = state.newest
            try admit(now)
            let removed = try sweep(stage, &cursor, now: now, rows: min(rowsMax, Self.sweptRowsMax))
            // Where nothing is removed nothing is written, not even the time.
            if removed == 0 { state.newest = newest }
            return removed
        }

        private func sweep(
            _ stage: SweepCursor.Stage,
            _ cursor: inout SweepCursor,
            now: UnixTime,
            rows: Int
        ) throws(SQLiteFailure) -> Int {
            switch stage {
            case .invites: return try sweepInvites(&cursor, now: now, rowsMax: rows)
            case .sessions: return try sweepSessions(&cursor, now: now, rowsMax: rows)
            case .cutOffs, .endedSessions, .claims, .usage, .notices, .memberSessions:
                let removed = try removeOld(stage, now: now, rows: rows)
                if removed < rows { cursor.finish(stage) }
                return removed
            }
        }

        private func removeOld(_ stage: SweepCursor.Stage, now: UnixTime, rows: Int) throws(SQLiteFailure) -> Int {
            let statement: Statement
            switch stage {
            case .invites, .sessions: return 0
            case .cutOffs: return try sweepCutOffs(now: now, rowsMax: rows)
            case .usage: return try sweepUsage(now: now, rowsMax: rows)
            case .endedSessions: statement = upkeep.deleteEndedSessions
            case .claims: statement = upkeep.deleteClaims
            case .notices: statement = usage.deleteNotices
            case .memberSessions: statement = members.sweepSessions
            }
            return try statement.run {
                $0.add(now)
                $0.add(rows)
            }
        }

        /// Goes to the next tenant that has rows; false behind the last.
        private func advance(_ walk: inout SweepCursor.Walk, _ next: Statement) throws(SQLiteFailure) -> Bool {
            let after = walk.tenant ?? -1
            let tenant = try next.first {
                $0.add(after)
            } _: { row in
                row.optionalInt64()
            }
            walk.tenant = tenant ?? nil
            walk.id = RecordID(high: 0, low: 0)
            return walk.tenant != nil
        }

        /// Ids rise with time, so only those from before the retention period are looked at.
        private func sweepInvites(
            _ cursor: inout SweepCursor,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> Int {
            let limit = now.adding(seconds: -StoreRules.retentionSeconds)
            if cursor.lateInvites == nil {
                (cursor.limit, cursor.oldestLeft) = (RecordID.lowest(at: limit).high >> 16, .max)
                state.lookup.sweeps(before: cursor.limit)
                cursor.lateInvites = state.lookup.lateInvites
            }
            if cursor.invites.tenant == nil, try !advance(&cursor.invites, upkeep.nextInviteTenant) {
                endInvites(&cursor)
                return 0
            }
            guard let tenant = cursor.invites.tenant else { return 0 }
            let start = cursor.invites.id
            let aged = try upkeep.agedInvites.all {
                $0.add(tenant)
                $0.add(start)
                $0.add(RecordID.lowest(at: limit))
                $0.add(rowsMax)
            } _: { row in
                (id: row.id(), expiresAt: row.time(), maxUses: row.int64())
            }
            var removed = 0
            for invite in aged where invite.expiresAt <= limit {
                if invite.maxUses > 1 {
                    try upkeep.deleteRedemptions.run {
                        $0.add(tenant)
                        $0.add(invite.id)
                    }
                }
                removed += try upkeep.deleteInvite.run {
                    $0.add(tenant)
                    $0.add(invite.id)
                }
            }
            if let last = aged.last, aged.count == rowsMax {
                cursor.invites.id = last.id
            } else {
                if let first = try upkeep.firstInvite.first({ $0.add(tenant) }, { row in row.id() }) {
                    cursor.oldestLeft = min(cursor.oldestLeft, first.high >> 16)
                }
                if try !advance(&cursor.invites, upkeep.nextInviteTenant) { endInvites(&cursor) }
            }
            cursor.invites.examined += aged.count
            if cursor.invites.examined >= cursor.walkRowsMax { cursor.finish(.invites) }
            return removed
        }

        private func endInvites(_ cursor: inout SweepCursor) {
            // Never beyond what was old when the walk began: a later invite may be on its way. One with an old id that came
            // behind its back is seen by the next.
            if cursor.lateInvites == state.lookup.lateInvites {
                state.lookup.raiseHorizon(to: min(cursor.oldestLeft, cursor.limit))
            }
            cursor.lateInvites = nil
            if cursor.invites.end() { cursor.finish(.invites) }
        }

        private func sweepSessions(
            _ cursor: inout SweepCursor,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> Int {
            if cursor.sessions.tenant == nil, try !advance(&cursor.sessions, upkeep.nextSessionTenant) {
                if cursor.sessions.end() { cursor.finish(.sessions) }
                return 0
            }
            guard let tenant = cursor.sessions.tenant else { return 0 }
            let limit = now.adding(seconds: -StoreRules.retentionSeconds)
            let start = cursor.sessions.id
            let aged = try upkeep.agedSessions.all {
                $0.add(tenant)
                $0.add(start)
                $0.add(RecordID.lowest(at: limit))
                $0.add(rowsMax)
            } _: { row in
                (id: row.id(), renewUntil: row.time())
            }
            var removed = 0
            for session in aged where session.renewUntil <= limit {
                removed += try upkeep.deleteSession.run {
                    $0.add(tenant)
                    $0.add(session.id)
                }
            }
            if let last = aged.last, aged.count == rowsMax {
                cursor.sessions.id = last.id
            } else if try !advance(&cursor.sessions, upkeep.nextSessionTenant), cursor.sessions.end() {
                cursor.finish(.sessions)
            }
            cursor.sessions.examined += aged.count
            if cursor.sessions.examined >= cursor.walkRowsMax { cursor.finish(.sessions) }
            return removed
        }

        private func sweepCutOffs(now: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            let ended = try upkeep.endedCutOffs.all {
                $0.add(now)
                $0.add(rowsMax)
            } _: { row in
                row.cutOff()
            }
            for cutOff in ended {
                try upkeep.deleteCutOff.run { $0.add(cutOff.number) }
                cutOffs.remove(cutOff)
                removedCutOffs.append(cutOff)
            }
            return ended.count
        }
    }
#endif
