import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Effective policies")
struct EffectivePolicyTests {
    private let tenant = Tenant(workspace: RecordID(high: 1, low: 1), environment: .test)

    private func random(_ generator: inout SplitMix, wide: Bool = false) -> PolicyDocument {
        var document = PolicyDocument()
        func number(_ range: ClosedRange<Int64>) -> Int64? {
            Bool.random(using: &generator) ? Int64.random(in: range, using: &generator) : nil
        }
        document.invite = BoundsRule(min: number(60...900), default: number(60...9000), max: number(300...9000))
        document.participant = BoundsRule(min: number(60...300), default: number(60...900), max: number(200...3600))
        document.renewSeconds = number(60...14_400)
        document.maxUsesMax = number(1...1000)
        if Bool.random(using: &generator) {
            document.allowedOrigins = IssuanceTrace.origins.filter { _ in Bool.random(using: &generator) }
        }
        document.originsRequired = [true, false, nil].randomElement(using: &generator) ?? nil
        document.emailInToken = [true, false, nil].randomElement(using: &generator) ?? nil
        document.boundTokensRequired = [true, false, nil].randomElement(using: &generator) ?? nil
        return document
    }

    @Test("No layer ever widens: another entry leaves every rule as narrow or narrower", arguments: 0..<20)
    func monotone(seed: Int) {
        var generator = SplitMix(seed: UInt64(seed))
        let layers = PolicyLayer.allCases
        for _ in 0..<50 {
            var entries = [PolicyEntry(.deployment, version: 0, LifetimePolicy().document)]
            var above = EffectivePolicy(entries)
            for layer in layers.dropFirst() {
                entries.append(PolicyEntry(layer, version: 1, random(&generator)))
                let below = EffectivePolicy(entries)
                #expect(below.invite.min.value >= above.invite.min.value)
                #expect(below.invite.max.value <= above.invite.max.value)
                #expect(below.participant.min.value >= above.participant.min.value)
                #expect(below.participant.max.value <= above.participant.max.value)
                #expect(below.renewSeconds.value <= above.renewSeconds.value)
                #expect(below.maxUses.value <= above.maxUses.value)
                if let list = above.allowedOrigins?.value {
                    let narrowed = below.allowedOrigins?.value ?? ["none"]
                    #expect(narrowed.allSatisfy(list.contains))
                }
                #expect(above.originsRequired == nil || below.originsRequired != nil)
                #expect(above.boundTokensRequired == nil || below.boundTokensRequired != nil)
                if !below.invite.isEmpty {
                    #expect((below.invite.min.value...below.invite.max.value).contains(below.invite.default.value))
                }
                above = below
            }
        }
    }

    @Test("What requireNarrower lets pass is the intersection itself", arguments: 0..<20)
    func narrower(seed: Int) {
        var generator = SplitMix(seed: UInt64(seed) + 100)
        var passed = 0
        for _ in 0..<200 {
            let entries = [PolicyEntry(.deployment, version: 0, LifetimePolicy().document)]
            let document = random(&generator)
            let above = EffectivePolicy(entries)
            guard (try? above.requireNarrower(document)) != nil else { continue }
            passed += 1
            let below = EffectivePolicy(entries + [PolicyEntry(.workspace, version: 1, document)])
            if let value = document.invite.min { #expect(below.invite.min.value == value) }
            if let value = document.invite.max { #expect(below.invite.max.value == value) }
            if let value = document.renewSeconds { #expect(below.renewSeconds.value == value) }
            if let value = document.maxUsesMax { #expect(below.maxUses.value == value) }
        }
        #expect(passed > 0)
    }

    @Test("A document survives its stored form, and a stored form that is none is refused")
    func stored() throws {
        var generator = SplitMix(seed: 7)
        for _ in 0..<100 {
            var document = random(&generator)
            if document.allowedOrigins?.isEmpty == true { document.allowedOrigins = nil }
            for rule in [\PolicyDocument.invite, \.participant] {
                let bounds = document[keyPath: rule]
                document[keyPath: rule] = BoundsRule(min: bounds.min)
            }
            document.mode = [.enforced, .shadow].randomElement(using: &generator) ?? .enforced
            document.enforceFrom = UnixTime(seconds: 1_800_000_000)
            document.ceiling = PolicyCeiling(invite: 1, participant: 2, renew: 3)
            #expect(PolicyDocument(stored: document.stored) == document)
        }
        for text in ["", "{}", "[]", #"{"policy":{"x":1}}"#, #"{"policy":{},"ceiling":{}}"#, #"{"policy":{},"y":1}"#] {
            #expect(PolicyDocument(stored: Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("Without lower policies, what applies is one shared value")
    func shared() {
        let policies = TenantPolicies(
            deployment: PolicyHolding(.deployment, version: 0, LifetimePolicy().document),
            settings: nil,
            workspace: nil,
            campaigns: [:],
            keys: [:]
        )
        let now = UnixTime(seconds: 1_800_000_000)
        let first = policies.resolve(campaign: "a", apiKey: RecordID(high: 1, low: 2), now: now)
        let second = policies.resolve(campaign: "b", apiKey: nil, now: now.adding(seconds: 9))
        #expect(first.enforced === second.enforced)
        #expect(first.shadow == nil)
    }

    @Test("The origins of the workspace's settings count as a word of its layer")
    func settings() async throws {
        let service = try await ServiceHarness()
        service.faults.set(settings: #"{"allowed_origins":["https://a.example"]}"#)
        let restarted = try await service.restarted()
        #expect(await restarted.mint().json?["allowed_origins"]?.elements.compactMap(\.string) == ["https://a.example"])
        #expect(await restarted.put(#"{"allowed_origins":["https://b.example"]}"#).status == 422)
        #expect(await restarted.explained("allowed_origins")?["layer"]?.string == "workspace")
    }

    @Test(
        "Where bound tokens are required, only what is bound is issued",
        arguments: [IssuanceRequest.Kind.session, .exchange, .renewal]
    )
    func bound(kind: IssuanceRequest.Kind) {
        var document = PolicyDocument()
        document.boundTokensRequired = true
        let policy = EffectivePolicy([
            PolicyEntry(.deployment, version: 0, LifetimePolicy().document),
            PolicyEntry(.campaign, version: 4, document),
        ])
        var request = IssuanceRequest(kind)
        #expect(policy.violation(of: request)?.rule == .boundTokensRequired)
        #expect(policy.violation(of: request)?.source == PolicySource(layer: .campaign, version: 4))
        #expect(policy.redeemTerms(origin: nil, isBound: false, now: UnixTime(seconds: 0)).isRefused)
        request.isBound = true
        #expect(policy.violation(of: request) == nil)
        #expect(!policy.redeemTerms(origin: nil, isBound: true, now: UnixTime(seconds: 0)).isRefused)
        // The right to open a session is bound to nobody.
        #expect(policy.violation(of: IssuanceRequest(.invite)) == nil)
    }
}
