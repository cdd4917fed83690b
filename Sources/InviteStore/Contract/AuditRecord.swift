package import Platform

/// One audit event, before the store has given it its place in the chain.
///
/// Holds no personal data.
package struct AuditDraft: Equatable, Sendable {
    package var id: RecordID
    /// Dotted type, such as `invite.created`.
    package var type: String
    package var at: UnixTime
    /// Nil for events of the deployment itself.
    package var tenant: Tenant?
    /// Who did it: a key id, a session id, `operator` or `anonymous`.
    package var actor: String
    /// What it was done to: an id, or empty.
    package var target: String
    package var requestID: String
    /// More, as a JSON object; empty for none.
    package var detail: [UInt8]

    package init(
        id: RecordID,
        type: String,
        at: UnixTime,
        tenant: Tenant?,
        actor: String,
        target: String,
        requestID: String,
        detail: [UInt8] = []
    ) {
        self.id = id
        self.type = type
        self.at = at
        self.tenant = tenant
        self.actor = actor
        self.target = target
        self.requestID = requestID
        self.detail = detail
    }
}

/// One audit event as stored: a link of its writer's chain.
package struct AuditRecord: Equatable, Sendable {
    package var draft: AuditDraft
    /// The writer's chain, from 1.
    package var chain: Int64
    /// Position in the chain, from 1, without gaps.
    package var sequence: Int64
    /// MAC over the previous link's MAC and this event's canonical bytes; 32 bytes.
    package var mac: [UInt8]

    package init(draft: AuditDraft, chain: Int64, sequence: Int64, mac: [UInt8]) {
        self.draft = draft
        self.chain = chain
        self.sequence = sequence
        self.mac = mac
    }
}

/// Computes the links of the audit chain; injected, because the store holds no key.
package protocol AuditSealer: Sendable {
    /// The MAC (32 bytes) of an event's canonical bytes. Called on the store's writer; must not block.
    func seal(_ canonical: [UInt8]) -> [UInt8]
}

extension AuditRecord {
    /// The bytes that a link's MAC is computed over: lengths before values, so that no two events share them.
    ///
    /// Layout: previous MAC (32 bytes, zero for the first), chain and sequence (8 bytes each, big-endian), the id
    /// (16), the time in milliseconds (8), then type, tenant, actor, target, request id and detail, each preceded by
    /// its length in bytes (4, big-endian). The tenant is empty, or 16 bytes of workspace and the environment's name.
    package static func canonicalBytes(
        previous: [UInt8],
        chain: Int64,
        sequence: Int64,
        draft: AuditDraft
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            112 + 24 + draft.type.utf8.count + draft.actor.utf8.count + draft.target.utf8.count
                + draft.requestID.utf8.count + draft.detail.count
        )
        bytes.append(contentsOf: previous)
        bytes.append(bigEndian: UInt64(bitPattern: chain))
        bytes.append(bigEndian: UInt64(bitPattern: sequence))
        bytes.append(bigEndian: draft.id.high)
        bytes.append(bigEndian: draft.id.low)
        bytes.append(bigEndian: UInt64(bitPattern: draft.at.milliseconds))
        bytes.append(counted: draft.type)
        if let tenant = draft.tenant {
            let environment = tenant.environment.rawValue
            bytes.append(bigEndian: UInt32(clamping: 16 + environment.utf8.count))
            bytes.append(bigEndian: tenant.workspace.high)
            bytes.append(bigEndian: tenant.workspace.low)
            bytes.append(contentsOf: environment.utf8)
        } else {
            bytes.append(bigEndian: UInt32(0))
        }
        bytes.append(counted: draft.actor)
        bytes.append(counted: draft.target)
        bytes.append(counted: draft.requestID)
        bytes.append(bigEndian: UInt32(clamping: draft.detail.count))
        bytes.append(contentsOf: draft.detail)
        return bytes
    }
}

extension [UInt8] {
    /// Appends the bytes of an integer, the most significant first.
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// Appends a text's length in bytes (4, big-endian) and its UTF-8.
    fileprivate mutating func append(counted text: String) {
        append(bigEndian: UInt32(clamping: text.utf8.count))
        append(contentsOf: text.utf8)
    }
}

/// Which audit events a list shows; fields that are nil do not filter.
package struct AuditFilter: Equatable, Sendable {
    package var type: String?
    package var actor: String?
    package var target: String?
    package var since: UnixTime?
    package var until: UnixTime?

    package init(
        type: String? = nil,
        actor: String? = nil,
        target: String? = nil,
        since: UnixTime? = nil,
        until: UnixTime? = nil
    ) {
        self.type = type
        self.actor = actor
        self.target = target
        self.since = since
        self.until = until
    }
}
