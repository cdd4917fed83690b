internal import Platform

extension MemoryTables {
    mutating func createSession(_ command: CreateSession) throws(StoreError) -> Idempotent<CreateOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateOutcome> = earlier(command.claim, now: command.now) { return earlier }
        var session = command.session
        guard let key = apiKeys[session.apiKey], key.isActive(at: command.now) else { return .done(.keyNotActive) }
        guard workspaces[session.tenant.workspace] != nil else { throw .notInitialised }
        guard sessions[session.tenant]?[session.id] == nil else {
            throw .unavailable("a session with this id is stored already")
        }
        session.rev = lastCutOff
        sessions[session.tenant, default: OrderedTable()][session.id] = session
        rows += 1
        record(command.claim)
        append(command.audit)
        return .done(.created(rev: lastCutOff))
    }

    func session(_ id: RecordID, of tenant: Tenant) throws(StoreError) -> SessionRecord? {
        try admitRead()
        return sessions[tenant]?[id].map { liveCutOffs.applied(to: $0) }
    }

    mutating func renewSession(_ command: RenewSession) throws(StoreError) -> RenewOutcome {
        try admit(rows: command.audit.count, now: command.now)
        let outcome = command.verdict(on: try session(command.session, of: command.tenant))
        if case .renewed(let session) = outcome {
            sessions[command.tenant]?[command.session]?.tokensUntil = session.tokensUntil
            append(command.audit)
        }
        return outcome
    }

    mutating func endSession(_ command: EndSession) throws(StoreError) -> EndedSession? {
        try admit(rows: 1 + command.audit.count, now: command.now)
        guard let session = sessions[command.tenant]?[command.session] else { return nil }
        let mark = EndedSession(session)
        if session.endedAt == nil {
            sessions[command.tenant]?[command.session]?.endedAt = command.now
            endedSessions.append(mark)
            rows += 1
            append(command.audit)
        }
        return mark
    }
}
