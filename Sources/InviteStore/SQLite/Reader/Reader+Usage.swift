#if SQLite
    internal import Platform

    extension Reader {
        func usage(
            of tenant: Tenant,
            apiKey: RecordID?,
            period: UsagePeriod,
            from: UnixTime,
            until: UnixTime,
            limit: Int
        ) throws(SQLiteFailure) -> [UsageBucket] {
            guard let number = try number(of: tenant) else { return [] }
            return try counts.usage.all {
                $0.add(number)
                $0.add(apiKey ?? UsageRow.wholeTenant)
                $0.add(period.rawValue)
                $0.add(from.seconds)
                $0.add(until.seconds)
                $0.add(max(0, limit))
            } _: { row in
                row.usageBucket()
            }
        }

        func lastUse(of tenant: Tenant) throws(SQLiteFailure) -> UnixTime? {
            guard let number = try number(of: tenant) else { return nil }
            for period in UsagePeriod.allCases {
                let start = try counts.lastUsage.first {
                    $0.add(number)
                    $0.add(UsageRow.wholeTenant)
                    $0.add(period.rawValue)
                } _: { row in
                    row.int64()
                }
                if let start { return UnixTime(seconds: start) }
            }
            return nil
        }

        func expiringKeys(
            after cursor: ExpiryCursor,
            until: UnixTime,
            limit: Int
        ) throws(SQLiteFailure) -> [ExpiringKey] {
            let keys = try counts.expiringKeys.all {
                $0.add(cursor.expiresAt)
                $0.add(cursor.key)
                $0.add(until)
                $0.add(max(0, limit))
            } _: { row in
                row.apiKey()
            }
            var found: [ExpiringKey] = []
            for key in keys {
                let days = try counts.noticedDays.first {
                    $0.add(key.expiresAt)
                    $0.add(key.id)
                } _: { row in
                    row.optionalInt64()
                }
                found.append(ExpiringKey(key: key, noticedDays: (days ?? nil).map { Int($0) }))
            }
            return found
        }

        /// Chains have few numbers: each is found by one step into the primary key.
        func auditChains() throws(SQLiteFailure) -> [AuditChainState] {
            try snapshot { () throws(SQLiteFailure) in
                var numbers = Set(
                    try counts.checkpoints.all { _ in
                    } _: { row in
                        row.auditCheckpoint().chain
                    }
                )
                var last = Int64.min
                while let next = try counts.nextChain.first({ $0.add(last) }, { row in row.optionalInt64() }) ?? nil {
                    numbers.insert(next)
                    last = next
                }
                var chains: [AuditChainState] = []
                for chain in numbers.sorted() {
                    let head = try counts.chainHead.first {
                        $0.add(chain)
                    } _: { row in
                        AuditHead(chain: row.int64(), sequence: row.int64(), mac: row.bytes(), event: row.id())
                    }
                    let checkpoint = try counts.checkpoint.first {
                        $0.add(chain)
                    } _: { row in
                        row.auditCheckpoint()
                    }
                    chains.append(AuditChainState(chain: chain, checkpoint: checkpoint, head: head))
                }
                return chains
            }
        }
    }
#endif
