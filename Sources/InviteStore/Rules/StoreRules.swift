internal import Platform

/// Bounds and periods that both stores keep.
enum StoreRules {
    /// A command may be this far behind the newest stored instant, in milliseconds: clocks are slewed, not stepped.
    static let clockLagMillisecondsMax: Int64 = 5_000

    /// Invites and sessions stay this long after their end, so that support can still see them.
    static let retentionSeconds: Int64 = 30 * 24 * 3600

    /// Rows examined for one page of a filtered list; more and the page is handed out short.
    static let examinedRowsMax = 1_000

    /// Versions of one place's policy that are kept.
    static let policyVersionsKept: Int64 = 100

    /// Places of one tenant whose policy was taken away and whose versions are kept all the same.
    static let removedPoliciesKept = 1_000

    /// Deliveries to one endpoint that are done and still shown.
    static let webhookDeliveriesKept = 100

    /// Records on one page, whatever was asked for.
    static let pageRecordsMax = 100
}

extension PageRequest {
    /// The limit within 1 to 100.
    var boundedLimit: Int { max(1, min(limit, StoreRules.pageRecordsMax)) }
}

extension RecordID {
    /// The lowest id that a UUIDv7 made at or after `time` can have (RFC 9562 section 5.7).
    static func lowest(at time: UnixTime) -> RecordID {
        let milliseconds = UInt64(clamping: max(0, time.milliseconds))
        return RecordID(high: min(milliseconds, (1 << 48) - 1) << 16, low: 0)
    }

    /// The highest of all ids: where a list without a cursor starts.
    static let highest = RecordID(high: .max, low: .max)
}

extension DeploymentEnvironment {
    /// The environment's part of a tenant number: 0 or 1.
    var code: Int64 {
        switch self {
        case .live: 0
        case .test: 1
        }
    }

    init(code: Int64) { self = code & 1 == 0 ? .live : .test }
}
