#if SQLite
    internal import Platform

    extension Writer {
        func createInvites(_ command: CreateInvites) throws(SQLiteFailure) -> Idempotent<CreateOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateOutcome> = try earlier(command.claim, now: command.now) { return earlier }
            // All checks before the first row: a refusal does not undo what its command has written.
            for invite in command.invites {
                guard try mayMint(invite.apiKey, now: command.now) else { return .done(.keyNotActive) }
                guard try number(of: invite.tenant) != nil else { throw .refused(.notInitialised) }
            }
            for invite in command.invites { try insert(invite) }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created(rev: state.lastCutOff))
        }

        private func insert(_ invite: InviteRecord) throws(SQLiteFailure) {
            guard let tenant = try number(of: invite.tenant) else { throw .refused(.notInitialised) }
            try invites.insert.run { InviteRow.bind(invite, tenant: tenant, rev: state.lastCutOff, to: &$0) }
            state.lookup.add(
                LookupEntry(tenant: tenant, kind: .address, digest: invite.addressIndex.high, invite: invite.id)
            )
            state.lookup.add(
                LookupEntry(
                    tenant: tenant,
                    kind: .campaign,
                    digest: LookupEntry.digest(campaign: invite.campaign),
                    invite: invite.id
                )
            )
        }

        func redeem(_ command: RedeemInvite) throws(SQLiteFailure) -> RedeemOutcome {
            try admit(command.now)
            guard let tenant = try number(of: command.tenant),
                let stored = try storedInvite(command.invite, tenant, command.tenant)
            else { return .unknown }
            let earlier = try earlierRedemption(command, of: stored, tenant)
            switch RedeemVerdict(command, of: cutOffs.applied(to: stored.record), earlier: earlier) {
            case .refuse(let outcome):
                return outcome
            case .open(let invite):
                return try open(command.session(from: invite), for: command, invite, tenant)
            }
        }

        private func storedInvite(
            _ id: RecordID,
            _ number: Int64,
            _ tenant: Tenant
        ) throws(SQLiteFailure) -> StoredInvite? {
            try invites.select.first {
                $0.add(number)
                $0.add(id)
            } _: { row in
                row.storedInvite(tenant)
            }
        }

        /// The exchange by the command's holder, where there was one.
        ///
        /// An invite for one use remembers its session itself; only invites for several need a row for each holder.
        private func earlierRedemption(
            _ command: RedeemInvite,
            of stored: StoredInvite,
            _ tenant: Int64
        ) throws(SQLiteFailure) -> Redemption? {
            guard let holder = command.holder, stored.record.uses > 0 else { return nil }
            var held: (session: RecordID, at: UnixTime)? = (stored.lastSession, stored.lastUsedAt)
            if stored.record.maxUses > 1 {
                held = try invites.redemption.first {
                    $0.add(tenant)
                    $0.add(command.invite)
                    $0.add(holder)
                } _: { row in
                    (row.id(), row.time())
                }
            }
            guard let held, let session = try session(held.session, tenant, command.tenant) else { return nil }
            return Redemption(session: cutOffs.applied(to: session), at: held.at)
        }

        private func open(
            _ session: SessionRecord,
            for command: RedeemInvite,
            _ invite: InviteRecord,
            _ tenant: Int64
        ) throws(SQLiteFailure) -> RedeemOutcome {
            let counted = try invites.countUse.run {
                $0.add(session.id)
                $0.add(command.now)
                $0.add(tenant)
                $0.add(invite.id)
                $0.add(command.now)
            }
            guard counted == 1 else { return .used }
            try sessions.insert.run { SessionRow.bind(session, tenant: tenant, rev: session.rev, to: &$0) }
            if invite.maxUses > 1, let holder = command.holder {
                try invites.recordRedemption.run {
                    $0.add(tenant)
                    $0.add(invite.id)
                    $0.add(holder)
                    $0.add(session.id)
                    $0.add(command.now)
                }
            }
            try append(command.audit)
            return .opened(session)
        }

        func revokeInvite(_ command: RevokeInvite) throws(SQLiteFailure) -> RevokeInviteOutcome {
            try admit(command.now)
            guard let tenant = try number(of: command.tenant),
                let stored = try storedInvite(command.invite, tenant, command.tenant)
            else { return .unknown }
            let revoked = try invites.revoke.run {
                $0.add(command.now)
                $0.add(tenant)
                $0.add(stored.record.id)
            }
            guard revoked == 1 else { return .alreadyRevoked }
            let cutOff = try addCutOff(
                id: command.cutOff,
                tenant: command.tenant,
                target: .invite(command.invite),
                createdAt: command.now,
                forgetAt: command.forgetAt
            )
            try append(command.audit)
            return .revoked(cutOff)
        }
    }
#endif
