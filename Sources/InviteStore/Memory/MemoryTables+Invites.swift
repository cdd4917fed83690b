internal import Platform

extension MemoryTables {
    mutating func createInvites(_ command: CreateInvites) throws(StoreError) -> Idempotent<CreateOutcome> {
        try admit(rows: command.invites.count + 1 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateOutcome> = earlier(command.claim, now: command.now) { return earlier }
        var added: Set<RecordID> = []
        for invite in command.invites {
            guard let key = apiKeys[invite.apiKey], key.isActive(at: command.now) else { return .done(.keyNotActive) }
            guard workspaces[invite.tenant.workspace] != nil else { throw .notInitialised }
            guard invites[invite.tenant]?[invite.id] == nil, added.insert(invite.id).inserted else {
                throw .unavailable("an invite with this id is stored already")
            }
        }
        for var invite in command.invites {
            invite.rev = lastCutOff
            invites[invite.tenant, default: OrderedTable()][invite.id] = invite
        }
        rows += command.invites.count
        record(command.claim)
        append(command.audit)
        return .done(.created(rev: lastCutOff))
    }

    func invite(_ id: RecordID, of tenant: Tenant) throws(StoreError) -> InviteRecord? {
        try admitRead()
        return invites[tenant]?[id].map { liveCutOffs.applied(to: $0) }
    }

    func invites(
        of tenant: Tenant,
        filter: InviteFilter,
        page: PageRequest,
        now: UnixTime
    ) throws(StoreError) -> Page<InviteRecord> {
        try admitRead()
        return (invites[tenant] ?? OrderedTable()).page(
            page,
            id: \.id,
            where: { filter.matches($0, now: now) },
            as: { liveCutOffs.applied(to: $0) }
        )
    }

    mutating func redeem(_ command: RedeemInvite) throws(StoreError) -> RedeemOutcome {
        try admit(rows: 2 + command.audit.count, now: command.now)
        let stored = invites[command.tenant]?[command.invite].map { liveCutOffs.applied(to: $0) }
        let key = command.holder.map {
            HolderKey(tenant: command.tenant, invite: command.invite, holder: $0)
        }
        switch RedeemVerdict(command, of: stored, earlier: key.flatMap { earlierRedemption($0) }) {
        case .refuse(let outcome):
            return outcome
        case .open(let invite):
            let session = command.session(from: invite)
            guard sessions[command.tenant]?[session.id] == nil else {
                throw .unavailable("a session with this id is stored already")
            }
            invites[command.tenant]?[invite.id]?.uses += 1
            sessions[command.tenant, default: OrderedTable()][session.id] = session
            rows += 1
            if let key, redemptions.updateValue(HeldSession(session: session.id, at: command.now), forKey: key) == nil {
                rows += 1
            }
            append(command.audit)
            return .opened(session)
        }
    }

    private func earlierRedemption(_ key: HolderKey) -> Redemption? {
        guard let held = redemptions[key], let session = sessions[key.tenant]?[held.session] else { return nil }
        return Redemption(session: liveCutOffs.applied(to: session), at: held.at)
    }

    mutating func revokeInvite(_ command: RevokeInvite) throws(StoreError) -> RevokeInviteOutcome {
        try admit(rows: 1 + command.audit.count, now: command.now)
        guard let invite = invites[command.tenant]?[command.invite] else { return .unknown }
        guard invite.revokedAt == nil else { return .alreadyRevoked }
        invites[command.tenant]?[command.invite]?.revokedAt = command.now
        let cutOff = addCutOff(
            id: command.cutOff,
            tenant: command.tenant,
            target: .invite(command.invite),
            createdAt: command.now,
            forgetAt: command.forgetAt
        )
        append(command.audit)
        return .revoked(cutOff)
    }
}
