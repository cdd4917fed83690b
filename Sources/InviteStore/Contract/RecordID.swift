/// Sixteen bytes that identify one record: a UUIDv7 (RFC 9562 section 5.7), so ids made later sort later.
///
/// Ids are public names, never secrets.
package struct RecordID: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian: 48 bits of milliseconds since 1970, version, 12 random bits.
    package let high: UInt64
    /// The last eight bytes, big-endian: variant and 62 random bits.
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads exactly 16 bytes, big-endian; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if index < 8 {
                words.0 = words.0 << 8 | UInt64(byte)
            } else {
                words.1 = words.1 << 8 | UInt64(byte)
            }
        }
        self.init(high: words.0, low: words.1)
    }

    /// The 16 bytes, big-endian, so that the byte order is the sort order.
    package var bytes: [UInt8] {
        [UInt8](bigEndian: (high, low))
    }

    package static func < (left: RecordID, right: RecordID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension [UInt8] {
    fileprivate init(bigEndian words: (UInt64, UInt64)) {
        let words = (words.0.bigEndian, words.1.bigEndian)
        self = unsafe Swift.withUnsafeBytes(of: words) { unsafe [UInt8]($0) }
    }
}

/// Sixteen bytes of a keyed digest: a participant's pseudonym, or the blind index of an address.
///
/// The store compares these; it can not turn one back into an address.
package struct KeyedDigest16: Hashable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads exactly 16 bytes; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard let words = RecordID(bytes: bytes) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    package var bytes: [UInt8] { RecordID(high: high, low: low).bytes }
}
