package import InviteStore
package import Platform

extension FaultyStore {
    package func member(_ name: MemberName) async throws(StoreError) -> MemberRecord? {
        try await run("member") { () throws(StoreError) in try await self.inner.member(name) }
    }

    package func members(of workspace: RecordID?, page: PageRequest) async throws(StoreError) -> Page<MemberRecord> {
        try await run("members") { () throws(StoreError) in try await self.inner.members(of: workspace, page: page) }
    }

    package func createMember(_ command: CreateMember) async throws(StoreError) -> Idempotent<CreateMemberOutcome> {
        try await run("createMember") { () throws(StoreError) in try await self.inner.createMember(command) }
    }

    package func changeMember(_ command: ChangeMember) async throws(StoreError) -> ChangeMemberOutcome {
        let command = conductor?.adjusted(command) ?? command
        return try await run("changeMember") { () throws(StoreError) in try await self.inner.changeMember(command) }
    }

    package func memberSession(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
        try await run("memberSession") { () throws(StoreError) in try await self.inner.memberSession(digest: digest) }
    }

    package func openMemberSession(_ command: OpenMemberSession) async throws(StoreError) -> Bool {
        try await run("openMemberSession") { () throws(StoreError) in
            let command = await self.conductor?.adjusted(command, in: self.inner) ?? command
            return try await self.inner.openMemberSession(command)
        }
    }

    package func changeMemberSession(
        digest: [UInt8],
        _ change: MemberSessionChange,
        now: UnixTime
    ) async throws(StoreError) -> Bool {
        let change = conductor?.adjusted(change, now: now) ?? change
        return try await run("changeMemberSession") { () throws(StoreError) in
            try await self.inner.changeMemberSession(digest: digest, change, now: now)
        }
    }
}
