import HTTPServer
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

/// One request of a trace; numbers name the steps that made what it needs.
struct TraceStep: Sendable {
    enum Action: Sendable {
        case mint(key: Int, campaign: Int, more: String)
        case open(key: Int, campaign: Int, more: String)
        case exchange(mint: Int, origin: String?, nonce: String?)
        case renew(session: Int, nonce: String?)
    }

    let number: Int
    /// Milliseconds after the step before.
    let pause: Int
    let action: Action

    /// The step that this one can not do without.
    var parent: Int? {
        switch action {
        case .mint, .open: nil
        case .exchange(let mint, _, _): mint
        case .renew(let session, _): session
        }
    }
}

/// What a trace left behind in one service.
struct TraceWorld {
    var invites: [Int: String] = [:]
    var sessions: [Int: (token: String, origin: String?)] = [:]
    /// The request id of each step.
    var requests: [Int: String] = [:]
    /// The code of each step that failed; `skipped` for one whose parent did.
    var failures: [Int: String] = [:]
}

/// A random life of several keys and campaigns: mints, sessions, exchanges and renewals.
struct IssuanceTrace: Sendable {
    static let campaigns = ["spring", "summer", "autumn"]
    static let origins = ["https://a.example", "https://b.example", "https://c.example"]
    static let keyCount = 4

    let steps: [TraceStep]

    init(seed: UInt64, count: Int) {
        var random = SplitMix(seed: seed)
        var steps: [TraceStep] = []
        var mints: [Int] = []
        var sessions: [Int] = []
        for number in 0..<count {
            let key = Int.random(in: 0..<Self.keyCount, using: &random)
            let campaign = Int.random(in: 0..<Self.campaigns.count, using: &random)
            let action: TraceStep.Action
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                action = .mint(key: key, campaign: campaign, more: Self.mintMore(key, &random))
                mints.append(number)
            case 4:
                let seconds = [nil, nil, 60, 119, 120, 300, 301, 900, 3600].randomElement(using: &random) ?? nil
                action = .open(key: key, campaign: campaign, more: seconds.map { #","expires_in":\#($0)"# } ?? "")
                sessions.append(number)
            case 5..<7 where !mints.isEmpty:
                let mint = mints.suffix(12).randomElement(using: &random) ?? 0
                let origin = (Self.origins.map(Optional.some) + [nil]).randomElement(using: &random) ?? nil
                let nonce = Bool.random(using: &random) ? "nonce-of-one-holder-\(number)-0000" : nil
                action = .exchange(mint: mint, origin: origin, nonce: nonce)
                sessions.append(number)
            default:
                guard let session = sessions.suffix(6).randomElement(using: &random) else { continue }
                let nonce = Bool.random(using: &random) ? "nonce-of-one-holder-\(session)-0000" : nil
                action = .renew(session: session, nonce: nonce)
            }
            steps.append(TraceStep(number: number, pause: Int.random(in: 1...180_000, using: &random), action: action))
        }
        self.steps = steps
    }

    private init(steps: [TraceStep]) { self.steps = steps }

    /// Key 1 has a list of origins of its own, which what it mints can only narrow.
    private static func mintMore(_ key: Int, _ random: inout SplitMix) -> String {
        let lifetimes: [Int?] = [nil, nil, nil, 60, 299, 600, 601, 1800, 3600, 3601, 86_400, 604_800]
        var more = ""
        if let seconds = lifetimes.randomElement(using: &random) ?? nil { more += #","expires_in":\#(seconds)"# }
        if let uses = [nil, nil, 1, 2, 3, 50].randomElement(using: &random) ?? nil { more += #","max_uses":\#(uses)"# }
        let known = key == 1 ? Array(origins.prefix(2)) : origins
        let list = known.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        if !list.isEmpty { more += #","allowed_origins":[\#(list.map { "\"\($0)\"" }.joined(separator: ","))]"# }
        return more
    }

    /// Makes the keys of a trace; gives their secrets and ids, in order.
    static func keys(_ service: ServiceHarness) async throws -> [(secret: String, id: String)] {
        var keys: [(String, String)] = []
        for number in 0..<keyCount {
            let more = number == 1 ? #","allowed_origins":["https://a.example","https://b.example"]"# : ""
            let made = await service.makeKey(scopes: ["invites:write", "tokens:write"], more: more)
            keys.append((try #require(made["secret"]), try #require(made["id"])))
        }
        return keys
    }

    /// Does every step, but for those whose parent failed.
    func run(on service: ServiceHarness, keys: [String]) async -> TraceWorld {
        var world = TraceWorld()
        for step in steps {
            service.time.advance(milliseconds: step.pause)
            if let parent = step.parent, world.failures[parent] != nil {
                world.failures[step.number] = "skipped"
                continue
            }
            await run(step, on: service, keys, &world)
        }
        return world
    }

    private func run(_ step: TraceStep, on service: ServiceHarness, _ keys: [String], _ world: inout TraceWorld) async {
        func body(_ campaign: Int, _ more: String) -> String {
            #"{"campaign_id":"\#(Self.campaigns[campaign])","participant_email":"p\#(step.number)@example.com"\#(more)}"#
        }
        let answer: Answer
        switch step.action {
        case .mint(let key, let campaign, let more):
            answer = await service.send(.post, "/v1/invites", body: body(campaign, more), key: keys[key])
            world.invites[step.number] = answer["invite_token"]
        case .open(let key, let campaign, let more):
            answer = await service.send(.post, "/v1/participant-tokens", body: body(campaign, more), key: keys[key])
            world.sessions[step.number] = answer["participant_token"].map { ($0, nil) }
        case .exchange(let mint, let origin, let nonce):
            answer = await service.redeem(
                world.invites[mint] ?? "",
                more: nonce.map { #","holder_nonce":"\#($0)""# } ?? "",
                fields: origin.map { [("Origin", $0)] } ?? []
            )
            world.sessions[step.number] = answer["participant_token"].map { ($0, origin) }
        case .renew(let session, let nonce):
            let held = world.sessions[session]
            answer = await service.send(
                .post,
                "/v1/widget/session/renew",
                body: nonce.map { #"{"holder_nonce":"\#($0)"}"# },
                fields: (held?.origin).map { [("Origin", $0)] } ?? [],
                token: held?.token ?? ""
            )
            if let token = answer["participant_token"] { world.sessions[session] = (token, held?.origin) }
        }
        world.requests[step.number] = answer.response.field("Request-Id")
        if answer.status >= 300 { world.failures[step.number] = answer.code ?? "\(answer.status)" }
    }

    /// The steps that succeeded, with the pauses that the others leave.
    func successful(in world: TraceWorld) -> IssuanceTrace {
        var kept: [TraceStep] = []
        var pause = 0
        for step in steps {
            pause += step.pause
            guard world.failures[step.number] == nil else { continue }
            kept.append(TraceStep(number: step.number, pause: pause, action: step.action))
            pause = 0
        }
        return IssuanceTrace(steps: kept)
    }
}
