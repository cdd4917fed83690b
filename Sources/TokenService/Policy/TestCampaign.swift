package import InviteStore

/// A campaign of the test environment that forces one outcome, for those who build a page around the widget.
///
/// `docs/widget.md` lists them. In the live environment the same names are ordinary campaigns.
package enum TestCampaign: String, CaseIterable, Sendable {
    case good = "camp_test_ok"
    case used = "camp_test_used"
    case expired = "camp_test_expired"
    case revoked = "camp_test_revoked"
    case invalid = "camp_test_invalid"
    case origin = "camp_test_origin"
    case rateLimited = "camp_test_rate_limited"
    case unavailable = "camp_test_unavailable"
    case slow = "camp_test_slow"
    case short = "camp_test_short"
    case slowRenew = "camp_test_slow_renew"
    case renewFails = "camp_test_renew_fails"
    case ended = "camp_test_ended"
    case last = "camp_test_last"

    package init?(_ campaign: String, in tenant: Tenant) {
        guard tenant.environment == .test, campaign.hasPrefix("camp_test_") else { return nil }
        self.init(rawValue: campaign)
    }

    /// How long a slow answer takes.
    package static let delaySeconds = 3
    private static let retryAfterSeconds = 2

    /// The lifetime of participant tokens, where it is not the policy's: too short for anything but a test.
    package var lifetimeSeconds: Int64? {
        switch self {
        case .short, .slowRenew, .renewFails, .ended, .last: 3
        default: nil
        }
    }

    /// How long a session may renew, where it is not the policy's.
    package var renewSeconds: Int64? { self == .last ? 3 : nil }

    /// Refuses an exchange, or holds it up.
    package func beforeExchange() async throws {
        switch self {
        case .used: throw Problem.inviteUsed
        case .expired: throw Problem.inviteExpired
        case .revoked: throw Problem.inviteRevoked
        case .invalid: throw Problem.invalidToken("forced by a test campaign")
        case .origin:
            throw Problem(.originNotAllowed, "This page may not show this content.", privateReason: "test campaign")
        case .rateLimited:
            throw Problem(
                .rateLimited,
                "Too many exchanges: forced by a test campaign.",
                retryAfterSeconds: Self.retryAfterSeconds
            )
        case .unavailable: throw Self.down
        case .slow: try await Self.delay()
        case .good, .short, .slowRenew, .renewFails, .ended, .last: return
        }
    }

    /// Refuses a renewal, or holds it up.
    package func beforeRenewal() async throws {
        switch self {
        case .ended: throw Problem.sessionEnded
        case .renewFails: throw Self.down
        case .slowRenew: try await Self.delay()
        default: return
        }
    }

    private static var down: Problem {
        Problem(
            .unavailable,
            "The service can not do this right now: forced by a test campaign.",
            retryAfterSeconds: retryAfterSeconds
        )
    }

    private static func delay() async throws {
        try await Task.sleep(for: .seconds(delaySeconds))
    }
}
