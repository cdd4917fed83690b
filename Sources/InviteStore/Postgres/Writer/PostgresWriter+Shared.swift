#if Postgres
    internal import Platform

    /// The commands that share transactions: they decide on what the batch has read, and write into the batch.
    extension PostgresWriter {
        func createInvites(_ command: CreateInvites) throws(PostgresFailure) -> Idempotent<CreateOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateOutcome> = earlier(command.claim, now: command.now) { return earlier }
            var rows: [(tenant: Int64, invite: InviteRecord)] = []
            for var invite in command.invites {
                guard mayMint(invite.apiKey, now: command.now) else { return .done(.keyNotActive) }
                guard let tenant = known(invite.tenant) else { throw .refused(.notInitialised) }
                invite.rev = batch.rev
                rows.append((tenant, invite))
            }
            batch.newInvites += rows
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created(rev: batch.rev))
        }

        func createSession(_ command: CreateSession) throws(PostgresFailure) -> Idempotent<CreateOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateOutcome> = earlier(command.claim, now: command.now) { return earlier }
            var session = command.session
            guard mayMint(session.apiKey, now: command.now) else { return .done(.keyNotActive) }
            guard let tenant = known(session.tenant) else { throw .refused(.notInitialised) }
            session.rev = batch.rev
            batch.newSessions.append((tenant, session))
            record(command.claim, now: command.now)
            append(command.audit)
            return .done(.created(rev: batch.rev))
        }

        func redeem(_ command: RedeemInvite) throws(PostgresFailure) -> RedeemOutcome {
            try admit(command.now)
            guard let tenant = known(command.tenant) else { return .unknown }
            let place = PlacedID(tenant: tenant, id: command.invite)
            guard let stored = batch.invites[place] else { return .unknown }
            let live = cutOffs.shared
            var earlier: Redemption?
            if let holder = command.holder, let use = earlierUse(of: stored, at: place, by: holder),
                let session = batch.sessions[PlacedID(tenant: tenant, id: use.session)]
            {
                earlier = Redemption(session: live.applied(to: session), at: use.at)
            }
            switch RedeemVerdict(command, of: live.applied(to: stored.record), earlier: earlier) {
            case .refuse(let outcome): return outcome
            case .open(let invite):
                open(command.session(from: invite), for: command, stored, at: place)
                return .opened(command.session(from: invite))
            }
        }

        private func open(
            _ session: SessionRecord,
            for command: RedeemInvite,
            _ stored: StoredInvite,
            at place: PlacedID
        ) {
            var used = stored
            used.record.uses += 1
            used.lastSession = session.id
            used.lastUsedAt = command.now
            batch.invites[place] = used
            let count = (batch.uses[place]?.count ?? 0) + 1
            batch.uses[place] = PostgresBatch.Use(count: count, session: session.id, at: command.now)
            batch.newSessions.append((place.tenant, session))
            batch.sessions[PlacedID(tenant: place.tenant, id: session.id)] = session
            if stored.record.maxUses > 1, let holder = command.holder {
                let key = PlacedHolder(invite: place, holder: holder)
                batch.redemptions[key] = (session.id, command.now)
                batch.newRedemptions[key] = (session.id, command.now)
            }
            append(command.audit)
        }

        func renewSession(_ command: RenewSession) throws(PostgresFailure) -> RenewOutcome {
            try admit(command.now)
            guard let tenant = known(command.tenant) else { return command.verdict(on: nil) }
            let place = PlacedID(tenant: tenant, id: command.session)
            let outcome = command.verdict(on: batch.sessions[place].map { cutOffs.shared.applied(to: $0) })
            guard case .renewed(let session) = outcome else { return outcome }
            // Who renews or ends the session later in this transaction must know of this token.
            batch.sessions[place]?.tokensUntil = session.tokensUntil
            batch.renewals[place] = session.tokensUntil
            append(command.audit)
            return outcome
        }

        func endSession(_ command: EndSession) throws(PostgresFailure) -> EndedSession? {
            try admit(command.now)
            guard let tenant = known(command.tenant) else { return nil }
            let place = PlacedID(tenant: tenant, id: command.session)
            guard var session = batch.sessions[place] else { return nil }
            let mark = EndedSession(session)
            guard session.endedAt == nil else { return mark }
            session.endedAt = command.now
            batch.sessions[place] = session
            batch.endings.append(
                PostgresBatch.Ending(
                    session: place,
                    at: command.now,
                    tokensUntil: session.tokensUntil,
                    forgetAt: mark.forgetAt
                )
            )
            note(.endedSession, PostgresFeed.subject(of: mark))
            append(command.audit)
            return mark
        }

        func appendAudit(_ drafts: [AuditDraft], now: UnixTime) throws(PostgresFailure) {
            try admit(now)
            append(drafts)
        }

        // MARK: Claims

        /// What was done under the claim before; nil where the effect is still to be done.
        func earlier<Value>(_ claim: IdempotencyClaim?, now: UnixTime) -> Idempotent<Value>? {
            guard let claim, let stored = batch.claims[claim.scope], stored.expiresAt > now else { return nil }
            return stored.request == claim.request ? .replay(result: stored.result) : .mismatch
        }

        /// Records the claim with its effect: the INSERT, which gives way to no live claim, has the last word.
        func record(_ claim: IdempotencyClaim?, now: UnixTime) {
            guard let claim else { return }
            batch.newClaims.append((claim, now))
            batch.claims[claim.scope] = StoredClaim(
                request: claim.request,
                result: claim.result,
                expiresAt: claim.expiresAt
            )
        }
    }
#endif
