#if SQLite || Postgres
    internal import Platform

    extension ForwardingStore {
        package func auditChains() async throws(StoreError) -> [AuditChainState] {
            try await read { reader throws(Reader.Failure) in
                try reader.auditChains()
            }
        }

        package func sweepAudit(before limit: UnixTime, rowsMax: Int) async throws(StoreError) -> Int {
            try await write { writer throws(Writer.Failure) in try writer.sweepAudit(before: limit, rowsMax: rowsMax) }
        }

        package func addUsage(_ deltas: [UsageDelta]) async throws(StoreError) {
            try await write { writer throws(Writer.Failure) in try writer.addUsage(deltas) }
        }

        package func usage(
            of tenant: Tenant,
            apiKey: RecordID?,
            period: UsagePeriod,
            from: UnixTime,
            until: UnixTime,
            limit: Int
        ) async throws(StoreError) -> [UsageBucket] {
            try await read { reader throws(Reader.Failure) in
                try reader.usage(of: tenant, apiKey: apiKey, period: period, from: from, until: until, limit: limit)
            }
        }

        package func lastUse(of tenant: Tenant) async throws(StoreError) -> UnixTime? {
            try await read { reader throws(Reader.Failure) in try reader.lastUse(of: tenant) }
        }

        package func expiringKeys(
            after cursor: ExpiryCursor,
            until: UnixTime,
            limit: Int
        ) async throws(StoreError) -> [ExpiringKey] {
            try await read { reader throws(Reader.Failure) in
                try reader.expiringKeys(after: cursor, until: until, limit: limit)
            }
        }

        package func recordNotice(_ notice: RecordNotice) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in try writer.recordNotice(notice) }
        }
    }
#endif
