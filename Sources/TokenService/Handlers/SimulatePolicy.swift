import HTTPServer
import InviteStore
import Platform
import StrictJSON

/// A proposed policy and the time over which it is tried.
private struct Simulation {
    let place: PolicyPlace
    let proposed: TenantPolicies
    let today: TenantPolicies
    let since: UnixTime
    let until: UnixTime
    /// Where the newest page of events starts; nil for the newest of all.
    let start: RecordID?
}

extension Services {
    /// `POST /v1/policies/simulate`: what a policy would have refused of what was issued, and what it would cut of what
    /// lives.
    ///
    /// Reads only. One of a workspace runs at a time, and few in all: a simulation reads as much as hundreds of ordinary
    /// requests.
    func simulatePolicy(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let simulation = try await simulation(call, principal)
        try policies.beginSimulation(of: principal.tenant.workspace)
        defer { policies.endSimulation(of: principal.tenant.workspace) }
        let report = try await replay(simulation, principal.tenant, call)
        let live = try await live(simulation, principal.tenant, call)
        return Responses.json(200, capacity: 8192) { writer in
            writer.member("layer", simulation.place.layer.rawValue)
            writer.member("campaign_id", simulation.place.campaign)
            writer.member("api_key_id", simulation.place.apiKey.map { TypeID.text(.apiKey, $0) })
            writer.member("since", time: simulation.since)
            writer.member("until", time: simulation.until)
            report.write(to: &writer)
            writer.name("live")
            writer.beginObject()
            live.write(to: &writer)
            writer.endObject()
        }
    }

    private func simulation(_ call: Call, _ principal: Principal) async throws -> Simulation {
        var body = try BodyReader(call.request)
        let layer = try body.requiredString("layer", charactersMax: 20)
        let campaign = try body.string("campaign_id", charactersMax: CampaignID.charactersMax)
        let key = try body.string("api_key_id", charactersMax: 64)
        guard let policy = body.value("policy"), policy.kind == .object else {
            throw Problem.invalid("policy", "policy must be an object.")
        }
        let document = try PolicyDocument(reading: BodyReader(policy, path: "policy."))
        let given = try body.time("until")
        let until = given ?? call.now
        let since = try body.time("since") ?? until.adding(seconds: -604_800)
        try body.finish()
        guard since < until else { throw Problem.invalid("since", "since must be before until.") }
        guard since >= call.now.adding(seconds: -ServiceLimits.simulationSecondsMax) else {
            throw Problem.invalid(
                "since",
                "since must be within the last \(ServiceLimits.simulationSecondsMax / 86_400) days."
            )
        }
        let place = try await place(campaign: campaign, apiKey: key, layer: layer, principal, changes: false)
        let today = try await policies.policies(of: principal.tenant)
        if case .deployment = place {
            let laid = document.laid(over: policies.defaults.document)
            try EffectivePolicy([PolicyEntry(.deployment, version: 0, laid)]).requireSense()
        }
        try today.above(place, now: call.now)?.requireNarrower(document)
        return Simulation(
            place: place,
            proposed: today.replacing(place, with: document, defaults: policies.defaults),
            today: today,
            since: since,
            until: until,
            start: given.map(Self.lowestID)
        )
    }

    // MARK: What was issued

    private func replay(_ simulation: Simulation, _ tenant: Tenant, _ call: Call) async throws -> SimulationReport {
        var report = SimulationReport()
        let events = try await issuances(simulation, tenant, &report)
        let records = SimulationRecords(store: store, tenant: tenant)
        var proposed = PolicyReplay(policies: simulation.proposed, now: call.now, records: records)
        var today = PolicyReplay(policies: simulation.today, now: call.now, records: records)
        for (index, event) in events.enumerated() {
            // Others that this loop serves come in between.
            if index % 200 == 199 { await Task.yield() }
            let usual = try await today.judge(event)
            let outcome = try await proposed.judge(event)
            report.add(event, outcome.verdict, today: usual.verdict, apiKey: outcome.apiKey)
        }
        return report
    }

    /// The recorded issuances of the time, in the order in which they happened.
    private func issuances(
        _ simulation: Simulation,
        _ tenant: Tenant,
        _ report: inout SimulationReport
    ) async throws -> [RecordedIssuance] {
        var found: [RecordedIssuance] = []
        var page = PageRequest(before: simulation.start, limit: 100)
        while true {
            let events = try await store.auditEvents(of: tenant, filter: AuditFilter(), page: page)
            for event in events.records {
                if event.draft.at < simulation.since { return found.sorted { $0.sequence < $1.sequence } }
                guard report.examined < ServiceLimits.simulationEventsMax else {
                    report.isComplete = false
                    return found.sorted { $0.sequence < $1.sequence }
                }
                report.examined += 1
                if let issuance = RecordedIssuance(event) {
                    found.append(issuance)
                } else if RecordedIssuance.types.contains(event.draft.type) {
                    report.isComplete = false
                }
            }
            guard let next = events.next else { return found.sorted { $0.sequence < $1.sequence } }
            page.before = next
        }
    }

    /// The lowest id that something made at an instant can have (RFC 9562 section 5.7).
    private static func lowestID(at time: UnixTime) -> RecordID {
        RecordID(high: min(UInt64(clamping: time.milliseconds), (1 << 48) - 1) << 16, low: 0)
    }

    // MARK: What lives

    private func live(_ simulation: Simulation, _ tenant: Tenant, _ call: Call) async throws -> LiveReport {
        var report = LiveReport()
        try await liveSessions(simulation, tenant, call, &report)
        try await liveInvites(simulation, tenant, call, &report)
        return report
    }

    private func liveSessions(
        _ simulation: Simulation,
        _ tenant: Tenant,
        _ call: Call,
        _ report: inout LiveReport
    ) async throws {
        let oldest = call.now.adding(seconds: -policies.ceiling.renew - 1)
        var page = PageRequest(limit: 100)
        while true {
            let sessions = try await store.sessions(of: tenant, page: page)
            for session in sessions.records {
                if session.createdAt < oldest { return }
                guard report.sessionsExamined < ServiceLimits.simulationLiveRowsMax else {
                    report.isComplete = false
                    return
                }
                report.sessionsExamined += 1
                guard session.endedAt == nil else { continue }
                let policies = (
                    simulation.proposed.resolve(campaign: session.campaign, apiKey: session.apiKey, now: call.now),
                    simulation.today.resolve(campaign: session.campaign, apiKey: session.apiKey, now: call.now)
                )
                report.add(session, policies.0.enforced, today: policies.1.enforced, now: call.now)
            }
            guard let next = sessions.next else { return }
            page.before = next
        }
    }

    private func liveInvites(
        _ simulation: Simulation,
        _ tenant: Tenant,
        _ call: Call,
        _ report: inout LiveReport
    ) async throws {
        let oldest = call.now.adding(seconds: -policies.ceiling.invite - 1)
        var page = PageRequest(limit: 100)
        while true {
            let invites = try await store.invites(of: tenant, filter: InviteFilter(), page: page, now: call.now)
            for invite in invites.records {
                if invite.createdAt < oldest { return }
                guard report.invitesExamined < ServiceLimits.simulationLiveRowsMax else {
                    report.isComplete = false
                    return
                }
                report.invitesExamined += 1
                guard invite.status(at: call.now) == .pending else { continue }
                let policies = (
                    simulation.proposed.resolve(campaign: invite.campaign, apiKey: invite.apiKey, now: call.now),
                    simulation.today.resolve(campaign: invite.campaign, apiKey: invite.apiKey, now: call.now)
                )
                report.add(invite, policies.0.enforced, today: policies.1.enforced, now: call.now)
            }
            guard let next = invites.next else { return }
            page.before = next
        }
    }
}
