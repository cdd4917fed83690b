#if SQLite
    internal import Platform

    extension Writer {
        func createSession(_ command: CreateSession) throws(SQLiteFailure) -> Idempotent<CreateOutcome> {
            try admit(command.now)
            if let earlier: Idempotent<CreateOutcome> = try earlier(command.claim, now: command.now) { return earlier }
            guard try mayMint(command.session.apiKey, now: command.now) else { return .done(.keyNotActive) }
            guard let tenant = try number(of: command.session.tenant) else { throw .refused(.notInitialised) }
            try sessions.insert.run {
                SessionRow.bind(command.session, tenant: tenant, rev: state.lastCutOff, to: &$0)
            }
            try record(command.claim, now: command.now)
            try append(command.audit)
            return .done(.created(rev: state.lastCutOff))
        }

        /// The session as it is stored, cut-offs aside.
        func session(
            _ id: RecordID,
            _ number: Int64,
            _ tenant: Tenant
        ) throws(SQLiteFailure) -> SessionRecord? {
            try sessions.select.first {
                $0.add(number)
                $0.add(id)
            } _: { row in
                row.session(tenant)
            }
        }

        func renewSession(_ command: RenewSession) throws(SQLiteFailure) -> RenewOutcome {
            try admit(command.now)
            guard let tenant = try number(of: command.tenant) else { return command.verdict(on: nil) }
            let stored = try session(command.session, tenant, command.tenant)
            let outcome = command.verdict(on: stored.map { cutOffs.applied(to: $0) })
            guard case .renewed(let session) = outcome else { return outcome }
            let renewed = try sessions.renew.run {
                $0.add(session.tokensUntil)
                $0.add(tenant)
                $0.add(session.id)
            }
            guard renewed == 1 else { return .ended }
            try append(command.audit)
            return outcome
        }

        func endSession(_ command: EndSession) throws(SQLiteFailure) -> EndedSession? {
            try admit(command.now)
            guard let tenant = try number(of: command.tenant),
                let stored = try session(command.session, tenant, command.tenant)
            else { return nil }
            let mark = EndedSession(stored)
            let ended = try sessions.end.run {
                $0.add(command.now)
                $0.add(tenant)
                $0.add(stored.id)
            }
            guard ended == 1 else { return mark }
            try sessions.markEnded.run {
                $0.add(mark.forgetAt)
                $0.add(mark.session)
            }
            try append(command.audit)
            return mark
        }
    }
#endif
