#if Postgres
    internal import Platform

    extension PostgresWriter {
        func createCutOff(_ command: CreateCutOff) throws(PostgresFailure) -> Idempotent<CutOffRecord> {
            try admit(command.now)
            if let earlier: Idempotent<CutOffRecord> = earlier(command.claim, now: command.now) { return earlier }
            guard let tenant = try number(of: command.tenant) else { throw .refused(.notInitialised) }
            // Rows first and the number last, as everywhere: whoever waits for the number has all that it needs.
            if command.endsKey, case .apiKey(let key) = command.target {
                let end = APIKeyChange.revoke(at: command.now)
                _ = try changeAPIKey(key, of: command.tenant, change: end, now: command.now, audit: [])
            }
            if case .invite(let invite) = command.target { try markRevoked(invite, tenant, at: command.now) }
            let cutOff = try addCutOff(
                id: command.id,
                tenant: command.tenant,
                number: tenant,
                target: command.target,
                createdAt: command.now,
                forgetAt: command.forgetAt
            )
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(cutOff)
        }

        func revokeInvite(_ command: RevokeInvite) throws(PostgresFailure) -> RevokeInviteOutcome {
            try admit(command.now)
            guard let tenant = try number(of: command.tenant) else { return .unknown }
            let found = try run("SELECT id FROM invites WHERE tenant = $1 AND id = $2 FOR NO KEY UPDATE") {
                $0.add(tenant)
                $0.add(command.invite)
            }
            guard found.rowCount == 1 else { return .unknown }
            guard try markRevoked(command.invite, tenant, at: command.now) == 1 else {
                batch.hasWritten = false
                return .alreadyRevoked
            }
            let cutOff = try addCutOff(
                id: command.cutOff,
                tenant: command.tenant,
                number: tenant,
                target: .invite(command.invite),
                createdAt: command.now,
                forgetAt: command.forgetAt
            )
            append(command.audit)
            return .revoked(cutOff)
        }

        @discardableResult
        private func markRevoked(_ invite: RecordID, _ tenant: Int64, at now: UnixTime) throws(PostgresFailure) -> Int {
            try write("UPDATE invites SET revoked_at = $1 WHERE tenant = $2 AND id = $3 AND revoked_at IS NULL") {
                $0.add(now)
                $0.add(tenant)
                $0.add(invite)
            }
        }

        /// Gives the next number, which stays given even when the cut-off is swept.
        ///
        /// The row of the last number is locked from here to the commit: the next number is given, and becomes visible,
        /// after this one.
        private func addCutOff(
            id: RecordID,
            tenant: Tenant,
            number: Int64,
            target: CutOffTarget,
            createdAt: UnixTime,
            forgetAt: UnixTime
        ) throws(PostgresFailure) -> CutOffRecord {
            let (kind, subject) = CutOffRow.encode(target)
            batch.hasWritten = true
            let given = try run(
                """
                WITH last AS (UPDATE meta SET value = value + 1 WHERE name = 'last_cut_off' RETURNING value)
                INSERT INTO cut_offs (number, id, tenant, kind, target, created_at, forget_at)
                SELECT value, $1, $2, $3, $4, $5, $6 FROM last RETURNING number
                """
            ) {
                $0.add(id)
                $0.add(number)
                $0.add(kind)
                $0.add(subject)
                $0.add(createdAt)
                $0.add(forgetAt)
            }.first { $0.int64() }
            guard let given else { throw .damaged("a row of meta is missing") }
            note(.cutOff)
            return CutOffRecord(
                number: given,
                id: id,
                tenant: tenant,
                target: target,
                createdAt: createdAt,
                forgetAt: forgetAt
            )
        }
    }
#endif
