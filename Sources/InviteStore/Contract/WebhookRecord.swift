package import Platform

/// Why an endpoint gets nothing for now.
package enum WebhookDisabling: String, Sendable, CaseIterable {
    /// Its owner switched it off.
    case owner
    /// It has failed for too long.
    case failing
    /// It answered 410: there is nothing there any more.
    case gone
}

/// One endpoint that is told of events.
///
/// Its address and its secrets are ciphertext to the store.
package struct WebhookRecord: Equatable, Sendable {
    package var id: RecordID
    package var tenant: Tenant
    /// From 1, one higher with each change; by it a change that was based on another version is noticed.
    package var version: Int64
    /// Types, or starts of types with `*`; never empty.
    package var events: [String]
    package var description: String
    /// The URL, the secret and the one before it, encrypted.
    package var sealed: [UInt8]
    /// Until when the secret before this one signs too; nil where there is none.
    package var previousUntil: UnixTime?
    package var createdAt: UnixTime
    package var disabledAt: UnixTime?
    package var disabling: WebhookDisabling?
    /// Since when every try has failed; nil while it works.
    package var failingSince: UnixTime?

    package init(
        id: RecordID,
        tenant: Tenant,
        version: Int64 = 1,
        events: [String],
        description: String,
        sealed: [UInt8],
        previousUntil: UnixTime? = nil,
        createdAt: UnixTime,
        disabledAt: UnixTime? = nil,
        disabling: WebhookDisabling? = nil,
        failingSince: UnixTime? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.version = version
        self.events = events
        self.description = description
        self.sealed = sealed
        self.previousUntil = previousUntil
        self.createdAt = createdAt
        self.disabledAt = disabledAt
        self.disabling = disabling
        self.failingSince = failingSince
    }
}

/// A place in the audit trail: everything of the chain up to and including this link is behind it.
package struct TrailPosition: Hashable, Sendable {
    package var chain: Int64
    package var sequence: Int64

    package init(chain: Int64, sequence: Int64) {
        self.chain = chain
        self.sequence = sequence
    }
}

/// Where the delivery of one event to one endpoint stands.
package enum WebhookDeliveryStatus: Int64, Sendable, CaseIterable {
    /// Asked for again by the owner, and not tried since.
    case queued = 0
    /// Failed, and to be tried again.
    case retrying = 1
    case delivered = 2
    /// Given up.
    case failed = 3

    /// True where there is still something to do.
    package var isOpen: Bool { self == .queued || self == .retrying }
}

/// What went wrong with a try.
package enum WebhookFailure: String, Sendable, CaseIterable {
    /// The answer's status is none of 2xx.
    case status
    case timeout
    case unknownHost = "unknown_host"
    /// The host's address is one that must not be reached.
    case addressRefused = "address_refused"
    case unreachable
    case tls
    case malformedAnswer = "malformed_answer"
    /// The event was removed from the trail, or is too old by now.
    case eventExpired = "event_expired"
}

/// The delivery of one event to one endpoint, as far as it has come.
package struct WebhookDelivery: Equatable, Sendable {
    package var event: RecordID
    package var type: String
    /// The event's link in the trail, where its content is.
    package var position: TrailPosition
    package var status: WebhookDeliveryStatus
    /// Tries so far.
    package var attempts: Int
    package var lastAt: UnixTime?
    /// When to try again; nil where nothing is left to do.
    package var nextAt: UnixTime?
    /// The last answer's status; nil where none came.
    package var responseStatus: Int?
    package var failure: WebhookFailure?
    /// How long the last try took.
    package var durationMilliseconds: Int?

    package init(
        event: RecordID,
        type: String,
        position: TrailPosition,
        status: WebhookDeliveryStatus,
        attempts: Int = 0,
        lastAt: UnixTime? = nil,
        nextAt: UnixTime? = nil,
        responseStatus: Int? = nil,
        failure: WebhookFailure? = nil,
        durationMilliseconds: Int? = nil
    ) {
        self.event = event
        self.type = type
        self.position = position
        self.status = status
        self.attempts = attempts
        self.lastAt = lastAt
        self.nextAt = nextAt
        self.responseStatus = responseStatus
        self.failure = failure
        self.durationMilliseconds = durationMilliseconds
    }
}

/// An endpoint with all that whoever delivers has to know of it.
package struct WebhookEndpoint: Equatable, Sendable {
    package var record: WebhookRecord
    /// What is behind it, for each chain; one that is missing starts at its beginning.
    package var positions: [TrailPosition]
    /// Deliveries that are still open, in the order of their events' ids.
    package var open: [WebhookDelivery]

    package init(record: WebhookRecord, positions: [TrailPosition], open: [WebhookDelivery]) {
        self.record = record
        self.positions = positions
        self.open = open
    }
}
