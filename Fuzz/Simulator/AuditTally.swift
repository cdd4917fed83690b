import InviteStore

/// What the audit trail holds, counted as it grows.
struct AuditTally {
    /// Events that tell of a change, beside those of refusals and of the service itself.
    static let changes: Set<String> = [
        "invite.created", "invite.redeemed", "invite.revoked", "session.created", "session.renewed", "session.ended",
        "key.created", "key.rotated", "key.revoked", "key.suspended", "key.resumed", "policy.changed",
        "revocation.created", "signing_key.created", "signing_key.revoked", "member.created", "member.roles_changed",
        "member.password_changed", "member.disabled", "member.enabled", "member.signed_in", "member.signed_out",
    ]

    private(set) var sequence: Int64 = 0
    /// How many events of a type there are about a target.
    private(set) var counts: [String: Int] = [:]
    /// The changes since the last check, by the request that made them.
    private(set) var byRequest: [String: [String]] = [:]
    /// What was acknowledged since the last check: exactly one event each.
    private(set) var expected: [(type: String, target: String)] = []
    private(set) var expectedOfRequests: [(type: String, request: String, counts: ClosedRange<Int>)] = []
    /// Requests that were told that nothing was done.
    var refused: [String] = []
    private(set) var total = 0

    mutating func expect(_ type: String, target: String) { expected.append((type, target)) }

    mutating func expect(_ type: String, request: String, count: Int = 1) {
        expectedOfRequests.append((type, request, count...count))
    }

    /// One event at least: how many trails were told is not known.
    mutating func expectSome(_ type: String, request: String) {
        expectedOfRequests.append((type, request, 1...Int.max))
    }

    /// Takes in one event; what is wrong with it, or nil.
    mutating func add(_ record: AuditRecord) -> String? {
        defer { sequence = record.sequence }
        total += 1
        if Self.changes.contains(record.draft.type) {
            counts[record.draft.type + " " + record.draft.target, default: 0] += 1
            byRequest[record.draft.requestID, default: []].append(record.draft.type)
        }
        guard record.sequence == sequence + 1 else { return "event \(record.sequence) follows event \(sequence)" }
        return nil
    }

    func count(_ type: String, _ target: String) -> Int { counts[type + " " + target] ?? 0 }

    /// What was acknowledged without its one event, or done although it was refused; and begins anew.
    mutating func check() -> [String] {
        var wrong: [String] = []
        for (type, target) in expected where count(type, target) != 1 {
            wrong.append("\(count(type, target)) audit events \(type) about \(target)")
        }
        for (type, request, counts) in expectedOfRequests {
            let found = byRequest[request]?.count { $0 == type } ?? 0
            if !counts.contains(found) { wrong.append("\(found) audit events \(type) of request \(request)") }
        }
        for request in refused {
            if let types = byRequest[request] { wrong.append("request \(request) was refused and did \(types)") }
        }
        (expected, expectedOfRequests, refused, byRequest) = ([], [], [], [:])
        return wrong
    }

    /// Forgets counts, so that years do not fill the memory; what is expected later starts anew.
    mutating func trim() { if counts.count > 50_000 { counts = [:] } }
}

extension Simulation {
    /// Reads what the trail has grown by, and holds it against what was acknowledged.
    func checkAudit() {
        start { await self.readAudit() }
        executor.run()
        for wrong in audit.check() { violate(wrong) }
    }

    /// Takes in what is new in the trail.
    func readAudit() async {
        while true {
            let records = try? await store.auditChain(1, after: audit.sequence, limit: 500)
            guard let records, !records.isEmpty else { return }
            for record in records {
                if let wrong = audit.add(record) { violate(wrong) }
                expectDelivery(of: record)
            }
        }
    }
}
