#if SQLite
    internal import Platform

    /// Where a sweep stands between its steps; a sweep that is cut short starts over the next time.
    struct SweepCursor: Sendable {
        enum Stage: Sendable {
            case invites
            case sessions
            case cutOffs
            case endedSessions
            case claims
            case usage
            case notices
            case memberSessions
            case finished
        }

        var stage = Stage.invites
        /// The tenant being swept, and the last id that was looked at; nil before the stage's first.
        var tenant: Int64?
        var id = RecordID(high: 0, low: 0)
        /// The lowest id of an invite that stays, in milliseconds: every older one is gone.
        var oldestLeft = UInt64.max
        /// Invites that had been made with old ids when the sweep began; nil before its first step.
        var lateInvites: UInt64?

        mutating func begin(_ next: Stage) {
            stage = next
            tenant = nil
            id = RecordID(high: 0, low: 0)
        }
    }

    extension Writer {
        /// Rows that one step looks at: about a millisecond's worth.
        static let sweptRowsMax = 256

        /// Does one bounded step of a sweep and returns how many rows it removed.
        ///
        /// What is removed because its time was over must stay over: the instant counts as stored.
        func sweepStep(_ cursor: inout SweepCursor, now: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            let newest = state.newest
            try admit(now)
            let removed = try sweepStage(&cursor, now: now, rowsMax: rowsMax)
            // Where nothing is removed nothing is written, not even the time.
            if removed == 0 { state.newest = newest }
            return removed
        }

        private func sweepStage(_ cursor: inout SweepCursor, now: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            let rows = min(rowsMax, Self.sweptRowsMax)
            switch cursor.stage {
            case .invites: return try sweepInvites(&cursor, now: now, rowsMax: rows)
            case .sessions: return try sweepSessions(&cursor, now: now, rowsMax: rows)
            case .cutOffs:
                let removed = try sweepCutOffs(now: now, rowsMax: rows)
                if removed < rows { cursor.begin(.endedSessions) }
                return removed
            case .endedSessions:
                let removed = try upkeep.deleteEndedSessions.run {
                    $0.add(now)
                    $0.add(rows)
                }
                if removed < rows { cursor.begin(.claims) }
                return removed
            case .claims:
                let removed = try upkeep.deleteClaims.run {
                    $0.add(now)
                    $0.add(rows)
                }
                if removed < rows { cursor.begin(.usage) }
                return removed
            case .usage:
                let removed = try sweepUsage(now: now, rowsMax: rows)
                if removed < rows { cursor.begin(.notices) }
                return removed
            case .notices:
                let removed = try usage.deleteNotices.run {
                    $0.add(now)
                    $0.add(rows)
                }
                if removed < rows { cursor.begin(.memberSessions) }
                return removed
            case .memberSessions:
                let removed = try members.sweepSessions.run {
                    $0.add(now)
                    $0.add(rows)
                }
                if removed < rows { cursor.begin(.finished) }
                return removed
            case .finished: return 0
            }
        }

        /// Goes to the next tenant that has rows; false behind the last.
        private func advance(_ cursor: inout SweepCursor, _ next: Statement) throws(SQLiteFailure) -> Bool {
            let after = cursor.tenant ?? -1
            let tenant = try next.first {
                $0.add(after)
            } _: { row in
                row.optionalInt64()
            }
            cursor.tenant = tenant ?? nil
            cursor.id = RecordID(high: 0, low: 0)
            return cursor.tenant != nil
        }

        /// Ids rise with time, so only those from before the retention period are looked at.
        private func sweepInvites(
            _ cursor: inout SweepCursor,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> Int {
            let limit = now.adding(seconds: -StoreRules.retentionSeconds)
            if cursor.lateInvites == nil {
                state.lookup.sweeps(before: RecordID.lowest(at: limit).high >> 16)
                cursor.lateInvites = state.lookup.lateInvites
            }
            if cursor.tenant == nil, try !advance(&cursor, upkeep.nextInviteTenant) {
                finishInvites(&cursor, now: now)
                return 0
            }
            guard let tenant = cursor.tenant else { return 0 }
            let start = cursor.id
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
                cursor.id = last.id
                return removed
            }
            if let first = try upkeep.firstInvite.first({ $0.add(tenant) }, { row in row.id() }) {
                cursor.oldestLeft = min(cursor.oldestLeft, first.high >> 16)
            }
            if try !advance(&cursor, upkeep.nextInviteTenant) { finishInvites(&cursor, now: now) }
            return removed
        }

        private func finishInvites(_ cursor: inout SweepCursor, now: UnixTime) {
            // Never beyond the retention period: a later invite may be on its way.
            let limit = RecordID.lowest(at: now.adding(seconds: -StoreRules.retentionSeconds)).high >> 16
            // One with an old id that came behind the sweep's back is seen by the next.
            if cursor.lateInvites == state.lookup.lateInvites {
                state.lookup.raiseHorizon(to: min(cursor.oldestLeft, limit))
            }
            cursor.begin(.sessions)
        }

        private func sweepSessions(
            _ cursor: inout SweepCursor,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> Int {
            if cursor.tenant == nil, try !advance(&cursor, upkeep.nextSessionTenant) {
                cursor.begin(.cutOffs)
                return 0
            }
            guard let tenant = cursor.tenant else { return 0 }
            let limit = now.adding(seconds: -StoreRules.retentionSeconds)
            let start = cursor.id
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
                cursor.id = last.id
            } else if try !advance(&cursor, upkeep.nextSessionTenant) {
                cursor.begin(.cutOffs)
            }
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
