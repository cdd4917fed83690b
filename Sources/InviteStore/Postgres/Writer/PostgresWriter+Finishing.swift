#if Postgres
    internal import Platform

    extension PostgresWriter {
        /// A statement of the last round trip before COMMIT, and how many rows it must touch; nil for any number.
        private struct Writing {
            let statement: PostgresStatement
            let rows: Int?
        }

        /// Writes what the commands decided; false where there is nothing that a commit would keep.
        ///
        /// - Throws: ``PostgresFailure/overtaken`` where a row count is not as decided.
        func finish() throws(PostgresFailure) -> Bool {
            if batch.isEmpty { return false }
            // The order of the locks that this takes is the same in every replica: records, claims, changes, numbers.
            let writings = records() + claims() + audit() + changes() + marks()
            let results = try connection.run(writings.map(\.statement))
            for (writing, result) in zip(writings, results) {
                if let rows = writing.rows, result.affected != rows { throw .overtaken }
            }
            return true
        }

        /// Commits; a failure that ``PostgresFailure/isDisconnected`` leaves open whether it did.
        func commit() throws(PostgresFailure) {
            let result = try connection.run("COMMIT") { _ in }
            guard result.commandTag == "COMMIT" else { throw .statement(code: "25P02", text: "rolled back") }
            if !batch.isEmpty { seat.committed += 1 }
            batch = PostgresBatch()
        }

        // MARK: Statements

        private func records() -> [Writing] {
            var writings: [Writing] = []
            if !batch.newInvites.isEmpty {
                writings.append(Writing(statement: insertInvites(batch.newInvites), rows: batch.newInvites.count))
            }
            if !batch.uses.isEmpty {
                writings.append(Writing(statement: countUses(), rows: batch.uses.count))
            }
            if !batch.newSessions.isEmpty {
                writings.append(Writing(statement: insertSessions(batch.newSessions), rows: batch.newSessions.count))
            }
            if !batch.newRedemptions.isEmpty {
                writings.append(Writing(statement: recordRedemptions(), rows: batch.newRedemptions.count))
            }
            if !batch.renewals.isEmpty {
                writings.append(Writing(statement: renewSessions(), rows: batch.renewals.count))
            }
            if !batch.endings.isEmpty {
                writings.append(Writing(statement: endSessions(), rows: batch.endings.count))
                writings.append(Writing(statement: markEnded(), rows: nil))
            }
            return writings
        }

        private func insertInvites(_ rows: [(tenant: Int64, invite: InviteRecord)]) -> PostgresStatement {
            PostgresStatement(
                """
                INSERT INTO invites (tenant, \(InviteRow.columns)) SELECT * FROM
                unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                """
            ) {
                $0.add(each: rows, \.tenant)
                $0.add(each: rows, \.invite.id)
                $0.add(each: rows, \.invite.apiKey)
                $0.add(each: rows, \.invite.campaign)
                $0.add(each: rows, \.invite.participant)
                $0.add(each: rows, \.invite.addressIndex)
                $0.add(each: rows, \.invite.sealed)
                $0.add(each: rows) { ListCodec.encode($0.invite.allowedOrigins) }
                $0.add(each: rows, \.invite.maxUses)
                $0.add(each: rows, \.invite.uses)
                $0.add(each: rows, \.invite.createdAt)
                $0.add(each: rows, \.invite.expiresAt)
                $0.add(each: rows, \.invite.revokedAt)
                $0.add(each: rows, \.invite.rev)
                $0.add(each: rows) { _ in RecordID(high: 0, low: 0) }
                $0.add(each: rows, \.invite.createdAt)
            }
        }

        private func countUses() -> PostgresStatement {
            let uses = batch.uses.sorted { $0.key < $1.key }
            return PostgresStatement(
                """
                UPDATE invites AS i SET uses = i.uses + k.count, last_session = k.session, last_used_at = k.at
                FROM unnest($1, $2, $3, $4, $5) AS k (tenant, id, count, session, at)
                WHERE i.tenant = k.tenant AND i.id = k.id AND i.uses + k.count <= i.max_uses
                AND i.revoked_at IS NULL AND i.expires_at > k.at
                """
            ) {
                $0.add(each: uses, \.key.tenant)
                $0.add(each: uses, \.key.id)
                $0.add(each: uses, \.value.count)
                $0.add(each: uses, \.value.session)
                $0.add(each: uses, \.value.at)
            }
        }

        private func insertSessions(_ rows: [(tenant: Int64, session: SessionRecord)]) -> PostgresStatement {
            PostgresStatement(
                """
                INSERT INTO sessions (tenant, \(SessionRow.columns)) SELECT * FROM
                unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
                """
            ) {
                $0.add(each: rows, \.tenant)
                $0.add(each: rows, \.session.id)
                $0.add(each: rows, \.session.invite)
                $0.add(each: rows, \.session.apiKey)
                $0.add(each: rows, \.session.campaign)
                $0.add(each: rows, \.session.participant)
                $0.add(each: rows, \.session.sealed)
                $0.add(each: rows, \.session.holder)
                $0.add(each: rows, \.session.boundKey)
                $0.add(each: rows, \.session.origin)
                $0.add(each: rows) { ListCodec.encode($0.session.allowedOrigins) }
                $0.add(each: rows, \.session.rev)
                $0.add(each: rows, \.session.createdAt)
                $0.add(each: rows, \.session.renewUntil)
                $0.add(each: rows, \.session.endedAt)
                $0.add(each: rows, \.session.tokensUntil)
            }
        }

        private func recordRedemptions() -> PostgresStatement {
            let rows = Array(batch.newRedemptions)
            return PostgresStatement(
                """
                INSERT INTO redemptions (tenant, invite, holder, session, at)
                SELECT * FROM unnest($1, $2, $3, $4, $5)
                ON CONFLICT (tenant, invite, holder) DO UPDATE SET session = excluded.session, at = excluded.at
                """
            ) {
                $0.add(each: rows, \.key.invite.tenant)
                $0.add(each: rows, \.key.invite.id)
                $0.add(each: rows, \.key.holder)
                $0.add(each: rows, \.value.session)
                $0.add(each: rows, \.value.at)
            }
        }

        private func renewSessions() -> PostgresStatement {
            let renewals = Array(batch.renewals)
            return PostgresStatement(
                """
                UPDATE sessions AS s SET tokens_until = k.until FROM unnest($1, $2, $3) AS k (tenant, id, until)
                WHERE s.tenant = k.tenant AND s.id = k.id AND s.ended_at IS NULL
                """
            ) {
                $0.add(each: renewals, \.key.tenant)
                $0.add(each: renewals, \.key.id)
                $0.add(each: renewals, \.value)
            }
        }

        private func endSessions() -> PostgresStatement {
            PostgresStatement(
                """
                UPDATE sessions AS s SET ended_at = k.at FROM unnest($1, $2, $3, $4) AS k (tenant, id, at, until)
                WHERE s.tenant = k.tenant AND s.id = k.id AND s.ended_at IS NULL
                AND coalesce(s.tokens_until, s.renew_until) = k.until
                """
            ) {
                $0.add(each: batch.endings, \.session.tenant)
                $0.add(each: batch.endings, \.session.id)
                $0.add(each: batch.endings, \.at)
                $0.add(each: batch.endings, \.tokensUntil)
            }
        }

        private func markEnded() -> PostgresStatement {
            PostgresStatement(
                """
                INSERT INTO ended_sessions (forget_at, session) SELECT * FROM unnest($1, $2) ON CONFLICT DO NOTHING
                """
            ) {
                $0.add(each: batch.endings, \.forgetAt)
                $0.add(each: batch.endings, \.session.id)
            }
        }

        private func claims() -> [Writing] {
            guard !batch.newClaims.isEmpty else { return [] }
            let rows = batch.newClaims.sorted { $0.claim.scope.lexicographicallyPrecedes($1.claim.scope) }
            let statement = PostgresStatement(
                """
                INSERT INTO idempotency AS i (scope, request, result, expires_at)
                SELECT scope, request, result, expires_at FROM unnest($1, $2, $3, $4)
                AS k (scope, request, result, expires_at)
                ON CONFLICT (scope) DO UPDATE SET request = excluded.request, result = excluded.result,
                expires_at = excluded.expires_at WHERE i.expires_at <= $5
                """
            ) {
                $0.add(each: rows, \.claim.scope)
                $0.add(each: rows, \.claim.request)
                $0.add(each: rows, \.claim.result)
                $0.add(each: rows, \.claim.expiresAt)
                // The earliest: what gives way to it gives way to all.
                $0.add(rows.map(\.now).min() ?? UnixTime(milliseconds: .min))
            }
            return [Writing(statement: statement, rows: rows.count)]
        }

        private func audit() -> [Writing] {
            guard !batch.events.isEmpty else { return [] }
            let statement = PostgresStatement(
                """
                INSERT INTO audit_events (\(AuditRow.columns)) SELECT * FROM
                unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                """
            ) {
                $0.add(each: batch.events, \.chain)
                $0.add(each: batch.events, \.sequence)
                $0.add(each: batch.events, \.draft.id)
                $0.add(each: batch.events, \.draft.type)
                $0.add(each: batch.events, \.draft.at)
                $0.add(each: batch.events, \.draft.tenant?.fullBytes)
                $0.add(each: batch.events, \.draft.actor)
                $0.add(each: batch.events, \.draft.target)
                $0.add(each: batch.events, \.draft.requestID)
                $0.add(each: batch.events, \.draft.detail)
                $0.add(each: batch.events, \.mac)
            }
            return [Writing(statement: statement, rows: batch.events.count)]
        }

        /// Numbers of changes are given under the lock of one row, which is kept until the commit: so they become
        /// visible in their order, and who has read up to one has missed none below it.
        private func changes() -> [Writing] {
            guard !batch.changes.isEmpty else { return [] }
            let statement = PostgresStatement(
                """
                WITH last AS (UPDATE meta SET value = value + $1 WHERE name = 'last_change' RETURNING value)
                INSERT INTO changes (number, kind, subject, at)
                SELECT last.value - $1 + k.position, k.kind, k.subject, $2
                FROM last, unnest($3, $4) WITH ORDINALITY AS k (kind, subject, position)
                """
            ) {
                $0.add(batch.changes.count)
                $0.add(batch.serverTime)
                $0.add(each: batch.changes, \.kind.rawValue)
                $0.add(each: batch.changes, \.subject)
            }
            let notify = PostgresStatement("SELECT pg_notify(\(PostgresFeed.channel), '')")
            return [
                Writing(statement: statement, rows: batch.changes.count), Writing(statement: notify, rows: nil),
            ]
        }

        private func marks() -> [Writing] {
            var writings: [Writing] = []
            let (ahead, overflow) = state.newest.milliseconds.subtractingReportingOverflow(
                state.savedNewest.milliseconds
            )
            // Once a second is often enough: the check allows for five.
            if overflow || ahead >= 1_000 {
                let newest = state.newest
                writings.append(
                    Writing(
                        statement: PostgresStatement(
                            "UPDATE meta SET value = $1 WHERE name = 'newest_instant' AND value < $1"
                        ) { $0.add(newest) },
                        rows: nil
                    )
                )
            }
            // Whoever writes is not gone: its mark stays, however long its connection lasts.
            let mark = PostgresStatement(
                """
                UPDATE writers SET committed = $1, begun_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
                WHERE owner = $2 AND committed = $3
                """
            ) {
                $0.add(seat.committed + 1)
                $0.add(seat.owner)
                $0.add(seat.committed)
            }
            writings.append(Writing(statement: mark, rows: 1))
            return writings
        }
    }
#endif
