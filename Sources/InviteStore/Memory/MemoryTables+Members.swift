internal import Platform

extension MemoryTables {
    func member(_ name: MemberName) -> MemberRecord? {
        switch name {
        case .id(let id): members[id]
        case .address(let address): members.ascending.first { $0.address == address }
        }
    }

    func members(of workspace: RecordID?, page: PageRequest) -> Page<MemberRecord> {
        members.page(
            page,
            id: \.id,
            examinedMax: .max,
            where: { member in
                workspace.map { workspace in member.memberships.contains { $0.workspace == workspace } } ?? true
            }
        )
    }

    mutating func createMember(_ command: CreateMember) throws(StoreError) -> Idempotent<CreateMemberOutcome> {
        try admit(rows: 2 + command.audit.count, now: command.now)
        if let earlier: Idempotent<CreateMemberOutcome> = earlier(command.claim, now: command.now) { return earlier }
        guard isActive(command.by, at: command.now) else { return .done(.keyNotActive) }
        let member = command.member
        guard self.member(.address(member.address)) == nil else { return .done(.addressTaken) }
        guard members[member.id] == nil else { throw .unavailable("a member with this id is stored already") }
        members[member.id] = member.inOrder
        rows += 1
        record(command.claim)
        append(command.audit)
        return .done(.created)
    }

    mutating func changeMember(_ command: ChangeMember) throws(StoreError) -> ChangeMemberOutcome {
        try admit(rows: command.audit.count, now: command.now)
        guard isActive(command.by, at: command.now) else { return .keyNotActive }
        guard var stored = members[command.member.id], stored.revision == command.member.revision else { return .stale }
        stored.sealedAddress = command.member.sealedAddress
        stored.sealedPassword = command.member.sealedPassword
        stored.memberships = command.member.memberships
        stored.passwordChangedAt = command.member.passwordChangedAt
        stored.disabledAt = command.member.disabledAt
        stored.revision += 1
        members[stored.id] = stored.inOrder
        if command.endsSessions {
            for session in memberSessions.values where session.member == stored.id { endMemberSession(session.digest) }
        }
        append(command.audit)
        return .changed
    }

    mutating func openMemberSession(_ command: OpenMemberSession) throws(StoreError) -> Bool {
        try admit(rows: 1 + command.audit.count, now: command.now)
        let session = command.session
        guard let member = members[session.member], member.revision == command.revision, member.disabledAt == nil else {
            return false
        }
        if let replaced = command.replaces { endMemberSession(replaced) }
        let others = memberSessions.values.filter { $0.member == session.member }
            .sorted { $0.isOlder(than: $1) }.reversed()
        for old in others.dropFirst(max(0, command.sessionsMax - 1)) { endMemberSession(old.digest) }
        memberSessions[session.digest] = session
        rows += 1
        append(command.audit)
        return true
    }

    mutating func changeMemberSession(
        _ digest: [UInt8],
        _ change: MemberSessionChange,
        now: UnixTime
    ) throws(StoreError) -> Bool {
        switch change {
        case .seen(let at):
            try admit(rows: 0, now: now)
            guard let session = memberSessions[digest] else { return false }
            memberSessions[digest]?.lastSeenAt = max(session.lastSeenAt, at)
            return true
        case .end(let audit):
            try admit(rows: audit.count, now: now)
            guard endMemberSession(digest) else { return false }
            append(audit)
            return true
        }
    }

    @discardableResult
    private mutating func endMemberSession(_ digest: [UInt8]) -> Bool {
        guard memberSessions.removeValue(forKey: digest) != nil else { return false }
        rows -= 1
        return true
    }
}

extension MemberSession {
    /// By its opening; of two of one instant the digest decides, so that the same one ends every time.
    fileprivate func isOlder(than other: MemberSession) -> Bool {
        if createdAt != other.createdAt { return createdAt < other.createdAt }
        return digest.lexicographicallyPrecedes(other.digest)
    }
}

extension MemberRecord {
    /// The record with its memberships as a store gives them back.
    fileprivate var inOrder: MemberRecord {
        var member = self
        member.memberships.sort { $0.workspace < $1.workspace }
        return member
    }
}
