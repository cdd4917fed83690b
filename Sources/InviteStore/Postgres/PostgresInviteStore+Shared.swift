#if Postgres
    package import Platform

    // The commands of the request path, which share transactions: each says what it needs to know before it decides, so
    // that one round trip asks it for all of a batch.
    extension PostgresInviteStore {
        package func createInvites(_ command: CreateInvites) async throws(StoreError) -> Idempotent<CreateOutcome> {
            try await share({ $0.add(command) }) { writer throws(PostgresFailure) in try writer.createInvites(command) }
        }

        package func redeem(_ command: RedeemInvite) async throws(StoreError) -> RedeemOutcome {
            try await share({ $0.add(command) }) { writer throws(PostgresFailure) in try writer.redeem(command) }
        }

        package func createSession(_ command: CreateSession) async throws(StoreError) -> Idempotent<CreateOutcome> {
            try await share({ $0.add(command) }) { writer throws(PostgresFailure) in try writer.createSession(command) }
        }

        package func renewSession(_ command: RenewSession) async throws(StoreError) -> RenewOutcome {
            try await share({ $0.add(command) }) { writer throws(PostgresFailure) in try writer.renewSession(command) }
        }

        package func endSession(_ command: EndSession) async throws(StoreError) -> EndedSession? {
            try await share({ $0.add(command) }) { writer throws(PostgresFailure) in try writer.endSession(command) }
        }

        package func appendAudit(_ drafts: [AuditDraft], now: UnixTime) async throws(StoreError) {
            try await share({ $0.add(drafts) }) { writer throws(PostgresFailure) in
                try writer.appendAudit(drafts, now: now)
            }
        }

        /// One replica at a time delivers webhooks, and a row says which.
        package func leaseWebhooks(
            to holder: RecordID,
            until: UnixTime,
            now: UnixTime
        ) async throws(StoreError) -> Bool {
            try await write { writer throws(PostgresFailure) in
                try writer.leaseWebhooks(to: holder, until: until, now: now)
            }
        }
    }
#endif
