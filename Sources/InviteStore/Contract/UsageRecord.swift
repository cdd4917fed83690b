package import Platform

/// How wide the buckets are in which use is counted.
package enum UsagePeriod: Int64, Sendable, CaseIterable {
    case minute = 60
    case hour = 3_600
    case day = 86_400

    /// Seconds for which a bucket is kept after its end: 48 hours, 35 days, 400 days.
    package var keptSeconds: Int64 {
        switch self {
        case .minute: 48 * 3_600
        case .hour: 35 * 86_400
        case .day: 400 * 86_400
        }
    }

    /// The start of the bucket that holds `time`; buckets are aligned to UTC.
    package func start(of time: UnixTime) -> UnixTime {
        let seconds = time.seconds
        let past = seconds % rawValue
        return UnixTime(seconds: seconds).adding(seconds: past < 0 ? -past - rawValue : -past)
    }
}

/// What was counted; the numbers only grow.
package struct UsageCounts: Equatable, Sendable {
    package var requests: Int64
    /// Requests answered with 400 to 499.
    package var clientErrors: Int64
    /// Requests answered with 500 and more.
    package var serverErrors: Int64
    /// Invites minted, and sessions opened by the backend.
    package var mints: Int64
    /// Invites of the key that were redeemed.
    package var redeems: Int64

    package init(
        requests: Int64 = 0,
        clientErrors: Int64 = 0,
        serverErrors: Int64 = 0,
        mints: Int64 = 0,
        redeems: Int64 = 0
    ) {
        self.requests = requests
        self.clientErrors = clientErrors
        self.serverErrors = serverErrors
        self.mints = mints
        self.redeems = redeems
    }

    package mutating func add(_ other: UsageCounts) {
        requests &+= other.requests
        clientErrors &+= other.clientErrors
        serverErrors &+= other.serverErrors
        mints &+= other.mints
        redeems &+= other.redeems
    }
}

/// What one key did in one minute, as far as it was not stored before.
package struct UsageDelta: Equatable, Sendable {
    package var tenant: Tenant
    package var apiKey: RecordID
    /// The start of the minute.
    package var minute: UnixTime
    package var counts: UsageCounts

    package init(tenant: Tenant, apiKey: RecordID, minute: UnixTime, counts: UsageCounts) {
        self.tenant = tenant
        self.apiKey = apiKey
        self.minute = minute
        self.counts = counts
    }
}

/// What was counted in one bucket.
package struct UsageBucket: Equatable, Sendable {
    package var start: UnixTime
    package var counts: UsageCounts

    package init(start: UnixTime, counts: UsageCounts) {
        self.start = start
        self.counts = counts
    }
}
