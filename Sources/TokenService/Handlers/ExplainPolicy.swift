import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// One value of a policy, as `explain` shows it.
private enum RuleValue: Equatable {
    case number(Int64)
    case boolean(Bool)
    case list([String])
    case none

    func write(to writer: inout JSONWriter) {
        switch self {
        case .number(let value): writer.integer(value)
        case .boolean(let value): writer.boolean(value)
        case .list(let list):
            writer.beginArray()
            for element in list { writer.string(element) }
            writer.endArray()
        case .none: writer.null()
        }
    }
}

/// One rule that `explain` shows: what a document says of it, what holds, and for which kind of token it counts.
private struct ExplainedRule: Sendable {
    let name: String
    let kinds: Set<String>
    let stated: @Sendable (PolicyDocument) -> RuleValue
    let effective: @Sendable (EffectivePolicy) -> (value: RuleValue, source: PolicySource?)

    static let both: Set<String> = ["invite", "participant"]

    private static func number(_ value: Int64?) -> RuleValue { value.map(RuleValue.number) ?? .none }
    private static func boolean(_ value: Bool?) -> RuleValue { value.map(RuleValue.boolean) ?? .none }
    private static func decided(_ value: Decided<Int64>) -> (RuleValue, PolicySource?) {
        (.number(value.value), value.source)
    }

    private static func bounds(
        _ name: String,
        _ kind: String,
        _ rule: @escaping @Sendable (PolicyDocument) -> BoundsRule,
        _ bounds: @escaping @Sendable (EffectivePolicy) -> EffectiveBounds
    ) -> [ExplainedRule] {
        [
            ExplainedRule(name: name + ".min_seconds", kinds: [kind]) {
                number(rule($0).min)
            } effective: {
                decided(bounds($0).min)
            },
            ExplainedRule(name: name + ".default_seconds", kinds: [kind]) {
                number(rule($0).default)
            } effective: {
                decided(bounds($0).default)
            },
            ExplainedRule(name: name + ".max_seconds", kinds: [kind]) {
                number(rule($0).max)
            } effective: {
                decided(bounds($0).max)
            },
        ]
    }

    static let all: [ExplainedRule] =
        bounds("invite", "invite", { $0.invite }, { $0.invite })
        + bounds("participant_token", "participant", { $0.participant }, { $0.participant })
        + [
            ExplainedRule(name: "renew_seconds", kinds: ["participant"]) {
                number($0.renewSeconds)
            } effective: {
                decided($0.renewSeconds)
            },
            ExplainedRule(name: "max_uses_max", kinds: ["invite"]) {
                number($0.maxUsesMax)
            } effective: {
                decided($0.maxUses)
            },
            ExplainedRule(name: "allowed_origins", kinds: both) {
                $0.allowedOrigins.map(RuleValue.list) ?? .none
            } effective: {
                ($0.allowedOrigins.map { .list($0.value) } ?? .none, $0.allowedOrigins?.source)
            },
            ExplainedRule(name: "origins_required", kinds: both) {
                boolean($0.originsRequired)
            } effective: {
                (.boolean($0.originsRequired != nil), $0.originsRequired)
            },
            ExplainedRule(name: "email_in_token", kinds: both) {
                boolean($0.emailInToken)
            } effective: {
                (.boolean($0.emailInToken.value), $0.emailInToken.source)
            },
            ExplainedRule(name: "bound_tokens_required", kinds: ["participant"]) {
                boolean($0.boundTokensRequired)
            } effective: {
                (.boolean($0.boundTokensRequired != nil), $0.boundTokensRequired)
            },
        ]

    /// Writes the rule as an object: what holds, who decided it, and what each layer says.
    func write(_ policy: EffectivePolicy, _ holdings: [PolicyHolding], now: UnixTime, to writer: inout JSONWriter) {
        let decided = effective(policy)
        writer.beginObject()
        writer.member("rule", name)
        writer.name("value")
        decided.value.write(to: &writer)
        writer.member("layer", decided.source?.layer.rawValue)
        writer.member("version", decided.source?.version)
        writer.name("layers")
        writer.beginArray()
        for holding in holdings {
            if let entry = holding.enforced(at: now) { write(entry, isShadow: false, to: &writer) }
            if let entry = holding.watched(at: now) { write(entry, isShadow: true, to: &writer) }
        }
        writer.endArray()
        writer.endObject()
    }

    private func write(_ entry: PolicyEntry, isShadow: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("layer", entry.source.layer.rawValue)
        writer.member("version", entry.source.version)
        writer.member("state", isShadow ? "shadow" : "enforced")
        writer.member("enforce_from", time: isShadow ? entry.document.enforceFrom : nil)
        writer.name("value")
        stated(entry.document).write(to: &writer)
        writer.endObject()
    }
}

extension Services {
    /// `GET /v1/policies/explain`: for each rule what holds, which layer decided it, and what every layer says.
    func explainPolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let kind = call.query["kind"]
        guard kind == nil || kind == "invite" || kind == "participant" else {
            throw Problem.invalid("kind", "kind must be invite or participant.")
        }
        let campaign = try call.query["campaign_id"].map { text in
            guard let campaign = CampaignID(text) else {
                throw Problem.invalid(
                    "campaign_id",
                    "campaign_id must be 1 to 64 of the characters A-Z a-z 0-9 _ . : -"
                )
            }
            return campaign.text
        }
        var key: RecordID?
        if let text = call.query["api_key_id"] {
            guard let id = TypeID.parse(.apiKey, text) else {
                throw Problem.invalid("api_key_id", "api_key_id must be the id of an API key.")
            }
            guard try await store.apiKey(id, of: principal.tenant) != nil else { throw Problem.notFound("no such key") }
            key = id
        }
        let policies = try await policies.policies(of: principal.tenant)
        let policy = policies.resolve(campaign: campaign, apiKey: key, now: call.now).enforced
        let holdings = policies.holdings(campaign: campaign, apiKey: key)
        return Responses.json(200, capacity: 4096) { writer in
            writer.member("environment", principal.tenant.environment.rawValue)
            writer.member("campaign_id", campaign)
            writer.member("api_key_id", key.map { TypeID.text(.apiKey, $0) })
            writer.member("kind", kind)
            writer.member("at", time: call.now)
            writer.name("rules")
            writer.beginArray()
            for rule in ExplainedRule.all where kind.map(rule.kinds.contains) ?? true {
                rule.write(policy, holdings, now: call.now, to: &writer)
            }
            writer.endArray()
        }
    }
}
