import Platform

/// Bounds of one kind of lifetime, in whole seconds.
package struct LifetimeBounds: Equatable, Sendable {
    package var minSeconds: Int64
    package var defaultSeconds: Int64
    package var maxSeconds: Int64

    package init(minSeconds: Int64, defaultSeconds: Int64, maxSeconds: Int64) {
        self.minSeconds = minSeconds
        self.defaultSeconds = defaultSeconds
        self.maxSeconds = maxSeconds
    }

    /// The lifetime to use: the one asked for if it is within the bounds, the default if none was asked for.
    ///
    /// - Throws: ``ProblemCode/policyViolation`` that names the rule, its layer and its bounds.
    package func resolve(_ requested: Int64?, rule: String) throws(Problem) -> Int64 {
        guard let requested else { return defaultSeconds }
        guard requested >= minSeconds, requested <= maxSeconds else {
            throw Problem(
                .policyViolation,
                "expires_in is \(requested) s, but \(rule) of the deployment policy allows "
                    + "\(minSeconds) s to \(maxSeconds) s.",
                param: "expires_in"
            )
        }
        return requested
    }
}

/// The lifetimes that apply to a request.
package struct LifetimePolicy: Equatable, Sendable {
    package var invite = LifetimeBounds(minSeconds: 60, defaultSeconds: 86_400, maxSeconds: 604_800)
    package var participant = LifetimeBounds(minSeconds: 60, defaultSeconds: 900, maxSeconds: 3600)
    /// How long after its opening a session may renew.
    package var renewSeconds: Int64 = 14_400
    /// Whether tokens carry the address in clear.
    package var emailInToken = false

    package init() {}

    /// The longest time for which a token that exists now, or that descends from one, can still be valid: what a
    /// cut-off or an ended session must be remembered for.
    package var longestDescentSeconds: Int64 { invite.maxSeconds + renewSeconds + participant.maxSeconds }
}
