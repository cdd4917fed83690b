package import InviteStore
import Platform
package import StrictJSON

/// What recorded issuance would have come to under a proposed policy, counted.
package struct SimulationReport: Sendable {
    private struct Example {
        var event: RecordedIssuance
        var violation: PolicyViolation
        var apiKey: RecordID?
    }

    /// Events that were looked at, of all types.
    package var examined = 0
    /// False where a bound was reached: then the counts are lower bounds.
    package var isComplete = true
    package private(set) var issuances = 0
    package private(set) var refused = 0
    /// Of ``refused``: what the policies that hold now would refuse as well.
    package private(set) var refusedAlready = 0
    package private(set) var lapsed = 0
    package private(set) var follows = 0
    package private(set) var unknown = 0
    package private(set) var shortened = 0
    /// The events that would have been refused, had lapsed, or would never have happened.
    package private(set) var lost: Set<RecordID> = []
    private var byRule: [PolicyRule: (count: Int, examples: [Example])] = [:]
    private var byKey: [RecordID: Int] = [:]
    private var byCampaign: [String: Int] = [:]

    package init() {}

    /// Counts one event: what it comes to under the proposal, and under the policies that hold now.
    package mutating func add(
        _ event: RecordedIssuance,
        _ proposed: ReplayVerdict,
        today: ReplayVerdict,
        apiKey: RecordID?
    ) {
        issuances += 1
        switch proposed {
        case .issued(let lifetime):
            if case .issued(let usual) = today, lifetime < usual { shortened += 1 }
        case .refused(let violation):
            refused += 1
            lost.insert(event.event)
            if case .refused = today { refusedAlready += 1 }
            var rule = byRule[violation.rule] ?? (0, [])
            rule.count += 1
            if rule.examples.count < ServiceLimits.simulationExamplesMax {
                rule.examples.append(Example(event: event, violation: violation, apiKey: apiKey))
            }
            byRule[violation.rule] = rule
            if let apiKey { byKey[apiKey, default: 0] += 1 }
            byCampaign[event.campaign, default: 0] += 1
        case .lapsed:
            lapsed += 1
            lost.insert(event.event)
        case .follows:
            follows += 1
            lost.insert(event.event)
        case .unknown:
            unknown += 1
            isComplete = false
        }
    }

    /// Writes the counts as members of an open object.
    package func write(to writer: inout JSONWriter) {
        writer.member("examined", examined)
        writer.member("complete", isComplete)
        writer.member("issuances", issuances)
        writer.member("refused", refused)
        writer.member("refused_already", refusedAlready)
        writer.member("lapsed", lapsed)
        writer.member("follows", follows)
        writer.member("shortened", shortened)
        writer.name("by_rule")
        writer.beginArray()
        for rule in PolicyRule.allCases {
            guard let found = byRule[rule] else { continue }
            writer.beginObject()
            writer.member("rule", rule.rawValue)
            writer.member("refused", found.count)
            writer.name("examples")
            writer.beginArray()
            for example in found.examples { Self.write(example, to: &writer) }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
        let keys = byKey.map { (TypeID.text(.apiKey, $0.key), $0.value) }
        Self.write("by_api_key", "api_key_id", keys, to: &writer)
        Self.write("by_campaign", "campaign_id", byCampaign.map { ($0.key, $0.value) }, to: &writer)
    }

    /// The names with the most refusals first, within the bound.
    private static func write(
        _ name: StaticString,
        _ member: StaticString,
        _ counts: [(String, Int)],
        to writer: inout JSONWriter
    ) {
        let sorted = counts.sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
        writer.name(name)
        writer.beginArray()
        for (text, count) in sorted.prefix(ServiceLimits.simulationNamesMax) {
            writer.beginObject()
            writer.member(member, text)
            writer.member("refused", count)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ example: Example, to writer: inout JSONWriter) {
        let event = example.event
        writer.beginObject()
        writer.member("event_id", TypeID.text(.event, event.event))
        writer.member("kind", event.kind.text)
        switch event.kind {
        case .invite, .exchange: writer.member("target", TypeID.text(.invite, event.target))
        case .session, .renewal: writer.member("target", TypeID.text(.session, event.target))
        }
        writer.member("at", time: event.at)
        writer.member("api_key_id", example.apiKey.map { TypeID.text(.apiKey, $0) })
        writer.member("campaign_id", event.campaign)
        writer.member("requested", example.violation.requested)
        writer.member("allowed", example.violation.allowed)
        writer.endObject()
    }
}

extension IssuanceRequest.Kind {
    /// What answers call it.
    package var text: String {
        switch self {
        case .invite: "invite"
        case .session: "session"
        case .exchange: "exchange"
        case .renewal: "renewal"
        }
    }
}
