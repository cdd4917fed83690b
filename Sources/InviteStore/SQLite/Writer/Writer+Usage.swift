#if SQLite
    internal import Platform

    extension Writer {
        private struct Bucket: Hashable {
            let tenant: Int64
            let apiKey: RecordID
            let period: UsagePeriod
            let start: Int64
        }

        /// Sums up first, so that each row is written once.
        func addUsage(_ deltas: [UsageDelta]) throws(SQLiteFailure) {
            var sums: [Bucket: UsageCounts] = [:]
            for delta in deltas {
                guard let tenant = try number(of: delta.tenant) else { continue }
                for period in UsagePeriod.allCases {
                    let start = period.start(of: delta.minute).seconds
                    for key in [delta.apiKey, UsageRow.wholeTenant] {
                        let bucket = Bucket(tenant: tenant, apiKey: key, period: period, start: start)
                        sums[bucket, default: UsageCounts()].add(delta.counts)
                    }
                }
            }
            for (bucket, counts) in sums {
                try usage.add.run {
                    $0.add(bucket.tenant)
                    $0.add(bucket.apiKey)
                    $0.add(bucket.period.rawValue)
                    $0.add(bucket.start)
                    $0.add(counts.requests)
                    $0.add(counts.clientErrors)
                    $0.add(counts.serverErrors)
                    $0.add(counts.mints)
                    $0.add(counts.redeems)
                }
            }
        }

        func sweepUsage(now: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            var removed = 0
            for period in UsagePeriod.allCases where removed < rowsMax {
                let limit = now.adding(seconds: -period.rawValue - period.keptSeconds).seconds
                let left = rowsMax - removed
                removed += try usage.deleteUsage.run {
                    $0.add(period.rawValue)
                    $0.add(limit)
                    $0.add(left)
                }
            }
            return removed
        }

        /// The row count of the INSERT decides.
        func recordNotice(_ notice: RecordNotice) throws(SQLiteFailure) -> Bool {
            try admit(notice.now)
            let recorded = try usage.recordNotice.run {
                $0.add(notice.expiresAt)
                $0.add(notice.key)
                $0.add(notice.days)
                $0.add(notice.now)
            }
            guard recorded == 1 else { return false }
            try append(notice.audit)
            return true
        }

        /// Removes the oldest events and seals what continues the chain in their place.
        func sweepAudit(before limit: UnixTime, rowsMax: Int) throws(SQLiteFailure) -> Int {
            let newest = state.chain.lastSequence
            let found = try usage.agedEvents.all {
                $0.add(AuditChain.number)
                $0.add(newest)
                $0.add(max(0, min(rowsMax, Self.sweptRowsMax)))
            } _: { row in
                (sequence: row.int64(), at: row.time(), mac: row.bytes())
            }
            let aged = found.prefix { $0.at < limit }
            guard let last = aged.last else { return 0 }
            var checkpoint = AuditCheckpoint(
                chain: AuditChain.number,
                sequence: last.sequence,
                mac: last.mac,
                at: last.at
            )
            checkpoint.seal = sealer.seal(checkpoint.canonicalBytes)
            try usage.checkpoint.run { [checkpoint] in
                $0.add(checkpoint.chain)
                $0.add(checkpoint.sequence)
                $0.add(checkpoint.mac)
                $0.add(checkpoint.at)
                $0.add(checkpoint.seal)
            }
            let removed = try usage.deleteEvents.run {
                $0.add(AuditChain.number)
                $0.add(last.sequence)
            }
            // A day less, since ids are made a little before their events are stored.
            state.lookup.raiseAuditHorizon(to: RecordID.lowest(at: limit.adding(seconds: -86_400)).high >> 16)
            return removed
        }
    }
#endif
