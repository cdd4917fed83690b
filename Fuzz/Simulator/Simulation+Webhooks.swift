import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import TokenService

/// Endpoints that are told of events: who makes them, and what they have to hear.
extension Simulation {
    private static let endpointsMax = 3
    private static let eventSecondsMax: Int64 = 7 * 86_400

    // MARK: Owners

    /// Makes an endpoint, or changes one.
    func changeEndpoint() async {
        let present = model.endpoints.filter { $0.deletion == nil }
        guard present.count >= Self.endpointsMax, let endpoint = recent(present) else { return await makeEndpoint() }
        switch dice.below(4) {
        case 0: await rotateSecret(of: endpoint)
        case 1 where dice.below(4) == 0: await remove(endpoint)
        default: await enable(endpoint)
        }
    }

    func makeEndpoint() async {
        let host = "hook\(nextNumber()).example.com"
        let isReliable = dice.below(2) == 0
        let events = dice.pick([
            ["invite.redeemed", "session.ended"], ["key.*", "policy.changed", "revocation.created"], ["invite.created"],
        ])
        let list = events.map { "\"\($0)\"" }.joined(separator: ",")
        let body = #"{"url":"https://\#(host)/hook","events":[\#(list)]}"#
        let reply = await ask(.post, "/v1/webhooks", body: body, key: admin)
        guard let reply, reply.status != 503 else { return }
        guard reply.status == 201, let id = reply["id"], let secret = reply["secret"] else {
            // Of endpoints whose answer was lost nobody knows.
            if reply.status == 409 { return }
            return violate("a webhook was answered with \(reply.status) \(reply.code ?? "")")
        }
        // What is committed by now happened before, for all that anybody can tell.
        let last = (try? await store.auditChains().first?.head?.sequence) ?? audit.sequence
        model.endpoints.append(
            ModelEndpoint(
                id: id,
                host: host,
                events: events,
                isReliable: isReliable,
                bornSequence: last,
                secret: secret
            )
        )
    }

    private func rotateSecret(of endpoint: ModelEndpoint) async {
        guard !endpoint.isRotating else { return }
        endpoint.isRotating = true
        defer { endpoint.isRotating = false }
        let reply = await ask(.post, "/v1/webhooks/\(endpoint.id)/rotate-secret", key: admin)
        guard let reply, !reply.isUnknown else { return endpoint.mayHaveOther = true }
        switch reply.status {
        case 201:
            guard let secret = reply["secret"] else { return violate("a rotation gave no secret") }
            endpoint.secrets = endpoint.secrets.suffix(1) + [secret]
            endpoint.mayHaveOther = false
        case 503, 409: break
        default: violate("a rotation was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    private func remove(_ endpoint: ModelEndpoint) async {
        let fact = Fact(now, spreadMilliseconds: 60_000)
        endpoint.deletion = fact
        let reply = await ask(.delete, "/v1/webhooks/\(endpoint.id)", key: admin)
        fact.settle(reply, now, isDone: reply?.status == 204)
        if fact.state == .never { endpoint.deletion = nil }
    }

    /// An owner who sees that an endpoint was switched off switches it on again.
    private func enable(_ endpoint: ModelEndpoint) async {
        guard let reply = await ask(.get, "/v1/webhooks/\(endpoint.id)", key: admin), reply.status == 200 else {
            return
        }
        guard reply.json?["enabled"]?.boolean == false else { return }
        if endpoint.isReliable { violate("\(endpoint.host) never failed, and was switched off") }
        endpoint.mood = .good
        _ = await ask(.patch, "/v1/webhooks/\(endpoint.id)", body: #"{"enabled":true}"#, key: admin)
    }

    // MARK: What has to be told

    /// Takes note of an event of the trail.
    func expectDelivery(of record: AuditRecord) {
        guard record.draft.tenant == tenant else { return }
        let event = TypeID.text(.event, record.draft.id)
        model.events.insert(event)
        for endpoint in model.endpoints where endpoint.wants(record.draft.type) {
            endpoint.see(event, record.sequence, at: record.draft.at)
        }
    }

    /// Lets processes deliver what they can, as far as it goes in so many turns.
    func deliver(turns: Int) {
        guard !model.endpoints.isEmpty else { return }
        for _ in 0..<turns {
            for process in processes {
                guard let worker = process.webhooks else { continue }
                start { process.isDelivering = await worker.turn() }
            }
            settle()
            if !processes.contains(where: \.isDelivering) { return }
        }
    }

    /// Endpoints change their mood, and what is too old is not told any more.
    func drawMoods() {
        let limit = latest.adding(seconds: -Self.eventSecondsMax)
        for endpoint in model.endpoints {
            if dice.below(8) == 0 { endpoint.mood = dice.below(3) > 0 ? .good : dice.pick(EndpointMood.allCases) }
            endpoint.forget(before: limit)
        }
    }

    /// At the end of a quiet time: who takes everything at once was told of everything, in the order of the trail.
    func checkReliable() {
        deliverAll(rounds: 3, milliseconds: 31_000)
        checkAudit()
        for endpoint in model.endpoints {
            if !endpoint.taken.isSubset(of: model.events) {
                violate("\(endpoint.host) was told of what is not in the trail")
            }
            let isInOrder = endpoint.takeOrder()
            guard endpoint.isReliable, endpoint.deletion == nil else { continue }
            if !isInOrder { violate("\(endpoint.host) was not told in the order of the trail") }
            checkTold(endpoint, within: Self.eventSecondsMax - 3_600)
        }
    }

    /// At the end, when all of them take everything again: whatever is not too old, and was not given up, was told.
    func checkAllTold() {
        for endpoint in model.endpoints where endpoint.deletion == nil { start { await self.enable(endpoint) } }
        settle()
        drawMoods()
        // Longer than the longest wait between two tries.
        deliverAll(rounds: 20, milliseconds: 3_600_000)
        checkAudit()
        for endpoint in model.endpoints where endpoint.deletion == nil {
            checkTold(endpoint, within: Self.eventSecondsMax - 86_400)
        }
    }

    /// Delivers what there is, with time in between in which leases end and tries are due.
    private func deliverAll(rounds: Int, milliseconds: Int) {
        for _ in 0..<rounds {
            deliver(turns: 1_000)
            advance(milliseconds: milliseconds)
            if replicas.count > 1 { tellOthers(asks: true) }
            settle()
        }
        deliver(turns: 1_000)
    }

    private func checkTold(_ endpoint: ModelEndpoint, within seconds: Int64) {
        let limit = latest.adding(seconds: -seconds)
        let missing = endpoint.awaited.filter { $0.value.at > limit && !endpoint.hasRefused($0.key) }
        if let event = missing.min(by: { $0.value.sequence < $1.value.sequence }) {
            violate("\(endpoint.host) was not told of event \(event.key), \(event.value.sequence) of the trail")
        }
    }
}
