package import Platform

/// The people who sign in to the console, their roles, and their sessions; part of ``InviteStore`` and under its promises.
package protocol MemberStore: Sendable {
    /// The member of this id or address, whatever its state.
    func member(_ name: MemberName) async throws(StoreError) -> MemberRecord?

    /// Members, newest first; with a workspace, those who have a role in it.
    func members(of workspace: RecordID?, page: PageRequest) async throws(StoreError) -> Page<MemberRecord>

    /// Makes a member; whoever asks must be active in the same transaction.
    func createMember(_ command: CreateMember) async throws(StoreError) -> Idempotent<CreateMemberOutcome>

    /// Changes a member that still is as it was read; whoever asks must be active in the same transaction.
    func changeMember(_ command: ChangeMember) async throws(StoreError) -> ChangeMemberOutcome

    /// The session with this digest (32 bytes) and whose it is, whatever the state of both; nil where it ended.
    func memberSession(digest: [UInt8]) async throws(StoreError) -> SignedIn?

    /// Opens a session; false, and nothing done, where the member was changed since it was read, or is disabled.
    func openMemberSession(_ command: OpenMemberSession) async throws(StoreError) -> Bool

    /// Changes an open session; false, and nothing done, where there is none with this digest.
    func changeMemberSession(
        digest: [UInt8],
        _ change: MemberSessionChange,
        now: UnixTime
    ) async throws(StoreError) -> Bool
}
