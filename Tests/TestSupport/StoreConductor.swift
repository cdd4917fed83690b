package import InviteStore
package import Platform

/// Decides what becomes of each call of a ``FaultyStore``: when it goes on, whether it is done, and what is answered.
package protocol StoreConductor: Sendable {
    /// Carries out one call, or fails it; `body` asks the store beneath, once for each time that it is called.
    func conduct<Value: Sendable>(
        _ name: String,
        _ body: @escaping @Sendable () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value

    /// What is stored in the place of a command.
    func adjusted(_ command: CreateInvites) -> CreateInvites

    /// What is stored in the place of a command.
    func adjusted(_ command: ReplaceSigningKeys) -> ReplaceSigningKeys

    /// What is stored in the place of a command.
    func adjusted(_ command: ChangeMember) -> ChangeMember

    /// What is asked of the store in the place of a command, when its turn has come.
    func adjusted(_ command: OpenMemberSession, in store: any InviteStore) async -> OpenMemberSession

    /// What happens to a member's session in the place of a change.
    func adjusted(_ change: MemberSessionChange, now: UnixTime) -> MemberSessionChange

    /// What is answered in the place of an outcome.
    func adjusted(_ outcome: RedeemOutcome, of command: RedeemInvite) -> RedeemOutcome

    /// Takes note of who wants to learn what other processes do.
    func observes(_ observer: any StoreChangesObserver)
}

extension StoreConductor {
    package func adjusted(_ command: CreateInvites) -> CreateInvites { command }

    package func adjusted(_ command: ReplaceSigningKeys) -> ReplaceSigningKeys { command }

    package func adjusted(_ command: ChangeMember) -> ChangeMember { command }

    package func adjusted(_ command: OpenMemberSession, in store: any InviteStore) async -> OpenMemberSession {
        command
    }

    package func adjusted(_ change: MemberSessionChange, now: UnixTime) -> MemberSessionChange { change }

    package func adjusted(_ outcome: RedeemOutcome, of command: RedeemInvite) -> RedeemOutcome { outcome }
}
