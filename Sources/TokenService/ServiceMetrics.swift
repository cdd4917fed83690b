import HTTPServer
package import InviteStore
package import Telemetry

/// The service's own counters, registered once.
package struct ServiceMetrics: Sendable {
    private let issuedInvites: Counter
    private let issuedParticipants: Counter
    private let validations: Counter
    private let verifiedValid: Counter
    private let verifiedInvalid: Counter
    private let redeemed: [String: Counter]
    private let refusals: [ProblemCode: Counter]
    private let tokenRefusals: [String: Counter]
    private let policyRefusals: [PolicyRule: Counter]
    private let shadowViolations: [PolicyRule: Counter]
    private let securityEvents: [String: Counter]
    private let droppedEvents: [String: Counter]
    private let notices: [String: Counter]

    package init(_ registry: MetricsRegistry) {
        func issued(_ kind: TokenKind) -> Counter {
            registry.counter(
                "tokenservice_tokens_issued_total",
                help: "Tokens signed for the first time, by kind.",
                labels: ["kind": kind.rawValue]
            )
        }
        issuedInvites = issued(.invite)
        issuedParticipants = issued(.participant)
        validations = registry.counter(
            "tokenservice_validations_total",
            help: "Participant tokens accepted on widget and forward-auth requests.",
            labels: [:]
        )
        func verified(_ result: String) -> Counter {
            registry.counter(
                "tokenservice_verifications_total",
                help: "Tokens that backends asked about, by result.",
                labels: ["result": result]
            )
        }
        verifiedValid = verified("valid")
        verifiedInvalid = verified("invalid")
        redeemed = Self.table(Self.redeemResults) { result in
            registry.counter(
                "tokenservice_invites_redeemed_total",
                help: "Exchanges of an invite token, by result.",
                labels: ["result": result]
            )
        }
        tokenRefusals = Self.table(["invalid", "expired", "revoked", "session_ended"]) { reason in
            registry.counter(
                "tokenservice_token_refusals_total",
                help: "Presented tokens that were refused, by reason.",
                labels: ["reason": reason]
            )
        }
        func violations(_ name: String, _ help: String) -> [PolicyRule: Counter] {
            Dictionary(
                uniqueKeysWithValues: PolicyRule.allCases.map { rule in
                    (rule, registry.counter(name, help: help, labels: ["rule": rule.rawValue]))
                }
            )
        }
        policyRefusals = violations("tokenservice_policy_refusals_total", "Requests refused by a policy, by rule.")
        shadowViolations = violations(
            "tokenservice_policy_shadow_violations_total",
            "Requests that a policy in shadow would have refused, by rule."
        )
        securityEvents = Self.table(SecurityEvent.allCases.map(\.rawValue)) { type in
            registry.counter(
                "tokenservice_security_events_total",
                help: "Security events told, by type; at most one of a type for each key and minute.",
                labels: ["type": type]
            )
        }
        droppedEvents = Self.table(SecurityEvent.allCases.map(\.rawValue)) { type in
            registry.counter(
                "tokenservice_security_events_dropped_total",
                help: "Security events not told, by type, because a minute had too many.",
                labels: ["type": type]
            )
        }
        notices = Self.table(ExpiryNotices.daysBefore.map(String.init)) { days in
            registry.counter(
                "tokenservice_key_notices_total",
                help: "Notices that an API key ends, by the days before it.",
                labels: ["days": days]
            )
        }
        refusals = Dictionary(
            uniqueKeysWithValues: ProblemCode.allCases.map { code in
                (
                    code,
                    registry.counter(
                        "tokenservice_problems_total",
                        help: "Error answers, by code.",
                        labels: ["code": code.rawValue]
                    )
                )
            }
        )
    }

    private static let redeemResults = [
        "opened", "repeated", "used", "expired", "revoked", "ended", "origin_not_allowed", "refused_by_policy",
        "unknown",
    ]

    private static func table(_ names: [String], _ make: (String) -> Counter) -> [String: Counter] {
        Dictionary(uniqueKeysWithValues: names.map { ($0, make($0)) })
    }

    package func issued(_ kind: TokenKind, count: Int) {
        (kind == .invite ? issuedInvites : issuedParticipants).increment(by: count)
    }

    package func validated() { validations.increment(by: 1) }

    package func verified(isValid: Bool) { (isValid ? verifiedValid : verifiedInvalid).increment(by: 1) }

    package func redeemed(_ outcome: RedeemOutcome) {
        let name =
            switch outcome {
            case .opened: "opened"
            case .repeated: "repeated"
            case .used: "used"
            case .expired: "expired"
            case .revoked: "revoked"
            case .ended: "ended"
            case .originNotAllowed: "origin_not_allowed"
            case .refusedByPolicy: "refused_by_policy"
            case .unknown: "unknown"
            }
        redeemed[name]?.increment(by: 1)
    }

    package func refused(_ refusal: TokenRefusal) {
        let name =
            switch refusal {
            case .invalid: "invalid"
            case .expired: "expired"
            case .revoked: "revoked"
            case .sessionEnded: "session_ended"
            }
        tokenRefusals[name]?.increment(by: 1)
    }

    package func violated(_ rule: PolicyRule, isShadow: Bool) {
        (isShadow ? shadowViolations : policyRefusals)[rule]?.increment(by: 1)
    }

    package func told(_ event: SecurityEvent) { securityEvents[event.rawValue]?.increment(by: 1) }

    package func dropped(_ event: SecurityEvent) { droppedEvents[event.rawValue]?.increment(by: 1) }

    package func noticed(days: Int) { notices[String(days)]?.increment(by: 1) }

    package func answered(_ code: ProblemCode) { refusals[code]?.increment(by: 1) }
}
