package import Platform

extension MemoryInviteStore {
    package func member(_ name: MemberName) async throws(StoreError) -> MemberRecord? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.member(name)
        }
    }

    package func members(of workspace: RecordID?, page: PageRequest) async throws(StoreError) -> Page<MemberRecord> {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            return tables.members(of: workspace, page: page)
        }
    }

    package func createMember(_ command: CreateMember) async throws(StoreError) -> Idempotent<CreateMemberOutcome> {
        try with { (tables) throws(StoreError) in try tables.createMember(command) }
    }

    package func changeMember(_ command: ChangeMember) async throws(StoreError) -> ChangeMemberOutcome {
        try with { (tables) throws(StoreError) in try tables.changeMember(command) }
    }

    package func memberSession(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
        try with { (tables) throws(StoreError) in
            try tables.admitRead()
            guard let session = tables.memberSessions[digest], let member = tables.members[session.member] else {
                return nil
            }
            return SignedIn(session: session, member: member)
        }
    }

    package func openMemberSession(_ command: OpenMemberSession) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in try tables.openMemberSession(command) }
    }

    package func changeMemberSession(
        digest: [UInt8],
        _ change: MemberSessionChange,
        now: UnixTime
    ) async throws(StoreError) -> Bool {
        try with { (tables) throws(StoreError) in try tables.changeMemberSession(digest, change, now: now) }
    }
}
