import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/api-keys/{id}/usage`: what one key did, by minute, hour or day.
    func readKeyUsage(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        guard let id = TypeID.parse(.apiKey, call.pathParameters[0]),
            let key = try await store.apiKey(id, of: principal.tenant)
        else { throw Problem.notFound() }
        return try await answerUsage(UsageQuery(call), of: key, principal.tenant)
    }

    /// `GET /v1/usage`: what all keys of the workspace and environment did.
    func readUsage(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await answerUsage(UsageQuery(call), of: nil, principal.tenant)
    }

    private func answerUsage(_ query: UsageQuery, of key: APIKeyRecord?, _ tenant: Tenant) async throws -> HTTPResponse
    {
        let buckets = try await store.usage(
            of: tenant,
            apiKey: key?.id,
            period: query.period,
            from: query.since,
            until: query.until,
            limit: UsageQuery.bucketsMax
        )
        let lastUse = if let key { key.lastUsedAt } else { try await store.lastUse(of: tenant) }
        var totals = UsageCounts()
        for bucket in buckets { totals.add(bucket.counts) }
        return Responses.json(200, capacity: 512 + 160 * buckets.count) { writer in
            if let key { writer.member("api_key_id", TypeID.text(.apiKey, key.id)) }
            writer.member("environment", tenant.environment.rawValue)
            writer.member("granularity", query.period.name)
            writer.member("since", time: query.since)
            writer.member("until", time: query.until)
            writer.member("last_used_at", time: lastUse)
            writer.name("totals")
            writer.beginObject()
            totals.write(to: &writer)
            writer.endObject()
            writer.name("data")
            writer.beginArray()
            for bucket in buckets {
                writer.beginObject()
                writer.member("start_at", time: bucket.start)
                bucket.counts.write(to: &writer)
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

/// Which buckets a call asks for.
///
/// The span is widened to whole buckets, so that none is shown cut.
struct UsageQuery {
    /// Buckets in one answer: every minute of a day, every hour of 60 days, every day of four years.
    static let bucketsMax = 1_440

    let period: UsagePeriod
    let since: UnixTime
    let until: UnixTime

    init(_ call: Call) throws(Problem) {
        let name = call.query["granularity"] ?? "hour"
        guard let period = UsagePeriod.allCases.first(where: { $0.name == name }) else {
            throw .invalid("granularity", "granularity must be minute, hour or day.")
        }
        // The bucket of this moment is shown too, unless an end is given.
        let end = try Self.time(call, "until")?.adding(seconds: -1) ?? call.now
        let until = period.start(of: end).adding(seconds: period.rawValue)
        let since = period.start(of: try Self.time(call, "since") ?? until.adding(seconds: -period.spanSeconds))
        let (span, overflow) = until.seconds.subtractingReportingOverflow(since.seconds)
        guard !overflow, span > 0, span <= period.rawValue * Int64(Self.bucketsMax) else {
            throw .invalid("since", "since must be before until, by at most \(Self.bucketsMax) times the granularity.")
        }
        (self.period, self.since, self.until) = (period, since, until)
    }

    private static func time(_ call: Call, _ name: String) throws(Problem) -> UnixTime? {
        guard let text = call.query[name] else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw .invalid(name, "\(name) must be an RFC 3339 time such as 2026-11-20T23:15:00Z.")
        }
        return time
    }
}

extension UsagePeriod {
    var name: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .day: "day"
        }
    }

    /// What is shown where no `since` was given: an hour, a day, 30 days.
    var spanSeconds: Int64 {
        switch self {
        case .minute: 3_600
        case .hour: 86_400
        case .day: 30 * 86_400
        }
    }
}

extension UsageCounts {
    /// Writes the members into an open object.
    func write(to writer: inout JSONWriter) {
        writer.member("requests", requests)
        writer.member("errors", clientErrors &+ serverErrors)
        writer.member("client_errors", clientErrors)
        writer.member("server_errors", serverErrors)
        writer.member("error_rate", raw: Array(errorRate.utf8))
        writer.member("mints", mints)
        writer.member("redeems", redeems)
    }

    /// Errors for each request, from 0 to 1 with four digits, rounded to the nearest; 0 without requests.
    var errorRate: String {
        let errors = clientErrors &+ serverErrors
        guard requests > 0, errors > 0 else { return "0" }
        guard errors < requests else { return "1" }
        let (scaled, overflow) = errors.multipliedReportingOverflow(by: 20_000)
        guard !overflow else { return "0" }
        let rate = (scaled / requests + 1) / 2
        if rate >= 10_000 { return "1" }
        let digits = String(rate)
        return "0." + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
