package import InviteStore
package import Platform

/// What tests ask of a store more briefly than the service does.
extension InviteStore {
    /// Ended sessions from the first on.
    package func endedSessions(now: UnixTime, limit: Int) async throws(StoreError) -> [EndedSession] {
        try await endedSessions(after: nil, now: now, limit: limit)
    }

    /// Replaces the signing keys, whatever they are.
    package func replaceSigningKeys(
        _ keys: [SigningKeyRecord],
        now: UnixTime,
        audit: [AuditDraft]
    ) async throws(StoreError) {
        let expected = try await deployment()?.signingKeys ?? []
        let command = ReplaceSigningKeys(expected: expected, keys: keys, now: now, audit: audit)
        guard try await replaceSigningKeys(command) else { throw .unavailable("the signing keys changed meanwhile") }
    }
}
