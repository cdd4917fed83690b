package import Platform

/// Where the trail can be read link by link: a store, or the file of one.
package protocol AuditSource: Sendable {
    /// Every chain, in the order of their numbers.
    func auditChains() async throws(StoreError) -> [AuditChainState]

    /// Links of a chain in order, for verification.
    func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord]
}

/// The two ends of one writer's chain.
package struct AuditChainState: Equatable, Sendable {
    package var chain: Int64
    /// What the removal of old events left in their place; nil where none were removed.
    package var checkpoint: AuditCheckpoint?
    /// The newest link; nil where the chain has none.
    package var head: AuditHead?

    package init(chain: Int64, checkpoint: AuditCheckpoint? = nil, head: AuditHead? = nil) {
        self.chain = chain
        self.checkpoint = checkpoint
        self.head = head
    }
}

/// The newest link of a chain: who keeps it elsewhere can tell later whether the chain was cut short.
package struct AuditHead: Equatable, Sendable {
    package var chain: Int64
    package var sequence: Int64
    /// The link's MAC; 32 bytes.
    package var mac: [UInt8]
    /// The link's event.
    package var event: RecordID

    package init(chain: Int64, sequence: Int64, mac: [UInt8], event: RecordID) {
        self.chain = chain
        self.sequence = sequence
        self.mac = mac
        self.event = event
    }
}

/// Stands for the events that were removed from the start of a chain because their time was over.
package struct AuditCheckpoint: Equatable, Sendable {
    package var chain: Int64
    /// The last link that was removed.
    package var sequence: Int64
    /// That link's MAC, which the first link that is left continues; 32 bytes.
    package var mac: [UInt8]
    /// When the last event that was removed happened.
    package var at: UnixTime
    /// MAC over ``canonicalBytes``; 32 bytes.
    package var seal: [UInt8]

    package init(chain: Int64, sequence: Int64, mac: [UInt8], at: UnixTime, seal: [UInt8] = []) {
        self.chain = chain
        self.sequence = sequence
        self.mac = mac
        self.at = at
        self.seal = seal
    }

    private static let label = Array("tokenservice audit checkpoint v1".utf8)

    /// The bytes that the seal is computed over: a label (32 bytes), chain, sequence and the time in milliseconds (8
    /// each, big-endian), and the MAC.
    ///
    /// At most 88 bytes: fewer than an event's, so that neither can stand for the other.
    package var canonicalBytes: [UInt8] {
        var bytes = Self.label
        for number in [chain, sequence, at.milliseconds] {
            bytes += RecordID(high: UInt64(bitPattern: number), low: 0).bytes.prefix(8)
        }
        return bytes + mac.prefix(32)
    }
}
