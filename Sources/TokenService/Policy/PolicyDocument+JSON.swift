import HTTPServer
import Platform
package import StrictJSON

extension PolicyDocument {
    /// Reads a document as it is sent: 400 for members that are unknown, of the wrong type or out of range, for bounds
    /// that contradict each other, and for an empty list of origins.
    package init(reading body: BodyReader) throws(Problem) {
        var body = body
        self.init()
        try body.refuseNull([
            "invite", "participant_token", "renew_seconds", "max_uses_max", "allowed_origins", "origins_required",
            "email_in_token", "bound_tokens_required", "mode", "enforce_from",
        ])
        invite = try Self.bounds("invite", &body, max: ServiceLimits.policyInviteSecondsMax)
        participant = try Self.bounds("participant_token", &body, max: ServiceLimits.policyParticipantSecondsMax)
        renewSeconds = try body.integer("renew_seconds", in: 1...ServiceLimits.policyRenewSecondsMax)
        maxUsesMax = try body.integer("max_uses_max", in: 1...ServiceLimits.maxUsesMax)
        allowedOrigins = try Self.origins(&body)
        originsRequired = try body.boolean("origins_required")
        emailInToken = try body.boolean("email_in_token")
        boundTokensRequired = try body.boolean("bound_tokens_required")
        if let text = try body.string("mode", charactersMax: 20) {
            guard let mode = PolicyMode(rawValue: text) else {
                throw .invalid("mode", "\(body.place("mode")) must be enforced or shadow.")
            }
            self.mode = mode
        }
        // Exact to the second, as it is stored and shown.
        enforceFrom = try body.time("enforce_from").map { UnixTime(seconds: $0.seconds) }
        try body.finish()
    }

    private static func bounds(_ name: String, _ body: inout BodyReader, max: Int64) throws(Problem) -> BoundsRule {
        guard let value = body.value(name) else { return BoundsRule() }
        let place = body.place(name)
        guard value.kind == .object else { throw .invalid(name, "\(place) must be an object.") }
        var reader = BodyReader(value, path: place + ".")
        try reader.refuseNull(["min_seconds", "default_seconds", "max_seconds"])
        let rule = BoundsRule(
            min: try reader.integer("min_seconds", in: 1...max),
            default: try reader.integer("default_seconds", in: 1...max),
            max: try reader.integer("max_seconds", in: 1...max)
        )
        try reader.finish()
        if let low = rule.min, let high = rule.max, low > high {
            throw .invalid("min_seconds", "\(place).min_seconds is \(low), which is above max_seconds \(high).")
        }
        if let value = rule.default, let low = rule.min, value < low {
            throw .invalid(
                "default_seconds",
                "\(place).default_seconds is \(value), which is below min_seconds \(low)."
            )
        }
        if let value = rule.default, let high = rule.max, value > high {
            throw .invalid(
                "default_seconds",
                "\(place).default_seconds is \(value), which is above max_seconds \(high)."
            )
        }
        return rule
    }

    private static func origins(_ body: inout BodyReader) throws(Problem) -> [String]? {
        guard let origins = try Services.origins(&body) else { return nil }
        guard !origins.isEmpty else {
            throw .invalid(
                "allowed_origins",
                "\(body.place("allowed_origins")) must name at least one origin; leave it out where any is allowed."
            )
        }
        var seen: Set<String> = []
        return origins.filter { seen.insert($0).inserted }
    }

    /// Reads the stored form; nil where it is not what ``stored`` makes.
    package init?(stored: [UInt8]) {
        guard let document = try? JSONDocument(parsing: stored, limits: ServiceLimits.bodyJSON) else { return nil }
        var reader = BodyReader(document.root, path: "")
        let ceiling = reader.value("ceiling")
        guard let policy = reader.value("policy"), (try? reader.finish()) != nil,
            let read = try? PolicyDocument(reading: BodyReader(policy, path: ""))
        else { return nil }
        self = read
        guard let ceiling else { return }
        guard let invite = ceiling["invite"]?.integer, let participant = ceiling["participant"]?.integer,
            let renew = ceiling["renew"]?.integer
        else { return nil }
        self.ceiling = PolicyCeiling(invite: invite, participant: participant, renew: renew)
    }

    /// What the store keeps.
    package var stored: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.name("policy")
        write(to: &writer)
        if let ceiling {
            writer.name("ceiling")
            writer.beginObject()
            writer.member("invite", ceiling.invite)
            writer.member("participant", ceiling.participant)
            writer.member("renew", ceiling.renew)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }

    /// Writes the document as an object: only the rules that it states, and its mode.
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        Self.write("invite", invite, to: &writer)
        Self.write("participant_token", participant, to: &writer)
        if let renewSeconds { writer.member("renew_seconds", renewSeconds) }
        if let maxUsesMax { writer.member("max_uses_max", maxUsesMax) }
        if let allowedOrigins { writer.member("allowed_origins", allowedOrigins) }
        if let originsRequired { writer.member("origins_required", originsRequired) }
        if let emailInToken { writer.member("email_in_token", emailInToken) }
        if let boundTokensRequired { writer.member("bound_tokens_required", boundTokensRequired) }
        writer.member("mode", mode.rawValue)
        if let enforceFrom { writer.member("enforce_from", RFC3339.text(enforceFrom)) }
        writer.endObject()
    }

    private static func write(_ name: StaticString, _ rule: BoundsRule, to writer: inout JSONWriter) {
        guard !rule.isEmpty else { return }
        writer.name(name)
        writer.beginObject()
        if let min = rule.min { writer.member("min_seconds", min) }
        if let value = rule.default { writer.member("default_seconds", value) }
        if let max = rule.max { writer.member("max_seconds", max) }
        writer.endObject()
    }
}
