import HTTPServer
import InviteStore
import Platform

extension Authenticator {
    /// The same verdict as ``authenticate(_:needs:)`` where it is good and nothing has to be asked of the store or
    /// told to it: the key, its workspace's limit and this minute's event are at hand.
    ///
    /// Nil for everything else, with nothing counted, so that the whole check can follow. This is nearly every request
    /// of a backend at work, and it must not wait.
    package func authenticateAtOnce(_ call: Call, needs scope: Scope) -> (principal: Principal, rate: RateState)? {
        let fields = call.request.fields
        guard case .success(let presented) = Self.presentedKey(call.request),
            let secret = secret(Array(presented)),
            let key = directory.cached(directory.digest(of: secret)),
            key.record.kind != .platform, key.isActive(at: call.now),
            environment == nil || key.record.tenant.environment == environment,
            !fields.contains("origin"), !fields.contains("sec-fetch-site"),
            key.allows(call.request.clientAddress),
            key.scopes.contains(scope), !scope.needsAdmin || key.record.kind != .standard,
            events.isTold(.authSucceeded, key: key.record.id, now: call.now),
            let terms = workspaces.cachedTerms(of: key.record.tenant.workspace)
        else { return nil }
        guard let rate = key.meter.countAtOnce(limit: terms.requestsPerMinute, now: call.now) else { return nil }
        return rate.isAllowed ? (Principal(key: key, mintingAllowed: terms.mintingAllowed), rate) : nil
    }
}
