package import InviteStore
package import Platform

/// What tests ask of a store more briefly than the service does.
extension InviteStore {
    /// Ended sessions from the first on.
    package func endedSessions(now: UnixTime, limit: Int) async throws(StoreError) -> [EndedSession] {
        try await endedSessions(after: nil, now: now, limit: limit)
    }
}
