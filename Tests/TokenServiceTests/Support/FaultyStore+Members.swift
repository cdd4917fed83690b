import InviteStore
import Platform

extension FaultyStore {
    func member(_ name: MemberName) async throws(StoreError) -> MemberRecord? {
        try await run("member") { () throws(StoreError) in try await inner.member(name) }
    }

    func members(of workspace: RecordID?, page: PageRequest) async throws(StoreError) -> Page<MemberRecord> {
        try await run("members") { () throws(StoreError) in try await inner.members(of: workspace, page: page) }
    }

    func createMember(_ command: CreateMember) async throws(StoreError) -> Idempotent<CreateMemberOutcome> {
        try await run("createMember") { () throws(StoreError) in try await inner.createMember(command) }
    }

    func changeMember(_ command: ChangeMember) async throws(StoreError) -> Bool {
        try await run("changeMember") { () throws(StoreError) in try await inner.changeMember(command) }
    }

    func memberSession(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
        try await run("memberSession") { () throws(StoreError) in try await inner.memberSession(digest: digest) }
    }

    func openMemberSession(_ command: OpenMemberSession) async throws(StoreError) -> Bool {
        try await run("openMemberSession") { () throws(StoreError) in try await inner.openMemberSession(command) }
    }

    func changeMemberSession(
        digest: [UInt8],
        _ change: MemberSessionChange,
        now: UnixTime
    ) async throws(StoreError) -> Bool {
        try await run("changeMemberSession") { () throws(StoreError) in
            try await inner.changeMemberSession(digest: digest, change, now: now)
        }
    }
}
