import HTTPServer
package import InviteStore
import OpenSSLKit
package import Platform
package import Telemetry

/// Knows who is signed in to the console, and what that lets a request do.
package final class ConsoleGate: Sendable {
    package let store: any InviteStore
    package let secrets: MemberSecrets
    package let passwords: Passwords
    package let limiter = SignInLimiter()
    let meters = MemberMeters()
    let addresses: AddressLimiter
    let events: SecurityEvents
    let log: Logger
    /// The origin of the deployment's issuer URL.
    let ownOrigin: String?
    /// Nil where both environments are served.
    let environment: DeploymentEnvironment?

    package init(
        store: any InviteStore,
        secrets: MemberSecrets,
        passwords: Passwords,
        addresses: AddressLimiter,
        events: SecurityEvents,
        log: Logger,
        issuerURL: String,
        environment: DeploymentEnvironment?
    ) {
        self.store = store
        self.secrets = secrets
        self.passwords = passwords
        self.addresses = addresses
        self.events = events
        self.log = log
        ownOrigin = RequestSource.origin(of: issuerURL)
        self.environment = environment
    }

    /// The open session that the request's cookie is for; its use is stored, to the minute.
    ///
    /// 403 for a request that another origin's page makes, 401 without an open session: absent, over its idle or its
    /// absolute limit, of a member who is disabled. An unknown cookie counts against the address like an unknown key.
    package func session(_ call: Call) async throws -> SignedIn {
        guard RequestSource(call.request, ownOrigin: ownOrigin) != .foreign else { throw Problem.foreignOrigin }
        guard let cookie = try SessionCookie.presented(call.request.fields) else {
            throw Problem.notSignedIn("no session cookie")
        }
        guard let digest = secrets.digest(ofCookie: cookie), let found = try await store.memberSession(digest: digest),
            constantTimeEquals(found.session.digest, digest)
        else { throw refuse(call, nil, "unknown session") }
        guard found.isOpen(at: call.now) else { throw refuse(call, found.member.id, "the session is over") }
        let unseen = call.now.seconds - found.session.lastSeenAt.seconds
        guard unseen >= ServiceLimits.sessionSeenSeconds else { return found }
        do {
            let isThere = try await store.changeMemberSession(digest: digest, .seen(at: call.now), now: call.now)
            guard isThere else { throw refuse(call, found.member.id, "the session ended meanwhile") }
        } catch let error as StoreError {
            // It only grows old sooner than it would.
            log.error("use of a session not stored", ["error": .string("\(error)")])
        }
        return found
    }

    /// Refuses a request that changes something unless it comes from a page of our own that holds the session's token.
    package func requireIntent(_ call: Call, _ signedIn: SignedIn) throws(Problem) {
        guard RequestSource(call.request, ownOrigin: ownOrigin) == .own else { throw .foreignOrigin }
        let tokens = call.request.fields.values("x-csrf-token")
        guard tokens.count == 1, secrets.isForgeryToken(tokens[0], session: signedIn.session.digest) else {
            throw Problem(
                .forbidden,
                "Send the session's csrf_token in X-CSRF-Token with everything but GET and HEAD.",
                param: "X-CSRF-Token"
            )
        }
    }

    /// Counts a request of the member; 429 beyond the limit.
    package func count(_ call: Call, _ member: RecordID) throws(Problem) -> RateState {
        let rate = meters.count(member, now: call.now)
        if let problem = Problem.overRate(rate, call) { throw problem }
        return rate
    }

    private func refuse(_ call: Call, _ member: RecordID?, _ reason: String) -> Problem {
        guard addresses.admits(call.request.clientAddress, presenting: member, now: call.now) else {
            return Problem(
                .rateLimited,
                "Too many refused credentials from this address.",
                privateReason: reason,
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        return .notSignedIn(reason)
    }
}

extension SignedIn {
    /// True while the session may be used.
    package func isOpen(at now: UnixTime) -> Bool {
        member.disabledAt == nil && now < session.expiresAt
            && now < session.lastSeenAt.adding(seconds: ServiceLimits.sessionIdleSeconds)
    }
}

extension Problem {
    /// The one answer to every session that is missing, unknown or over.
    static func notSignedIn(_ privateReason: String) -> Problem {
        Problem(.unauthorized, "You are not signed in, or no longer. Sign in again.", privateReason: privateReason)
    }

    static let foreignOrigin = Problem(
        .originNotAllowed,
        "A console session is for pages of this service alone: this request does not come from one."
    )

    /// 429 for a request over its rate; nil for one within.
    static func overRate(_ rate: RateState, _ call: Call) -> Problem? {
        guard !rate.isAllowed else { return nil }
        let text = "More than \(rate.limit) requests in this minute. Wait until it is over."
        return Problem(.rateLimited, text, retryAfterSeconds: max(1, Int(rate.resetSeconds - call.now.seconds)))
    }
}
