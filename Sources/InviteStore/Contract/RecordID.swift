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
    package init?(bytes: ArraySlice<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        let middle = bytes.startIndex + 8
        for index in bytes.startIndex..<middle { high = high << 8 | UInt64(bytes[index]) }
        for index in middle..<bytes.endIndex { low = low << 8 | UInt64(bytes[index]) }
        self.init(high: high, low: low)
    }

    /// Reads exactly 16 bytes, big-endian; nil for any other count.
    package init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

    /// The 16 bytes, big-endian, so that the byte order is the sort order.
    package var bytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            unsafe raw.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
            unsafe raw.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            count = 16
        }
    }

    /// Appends ``bytes`` without an array for them.
    package func append(to bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe bytes.append(contentsOf: $0) }
    }

    package static func < (left: RecordID, right: RecordID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
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
    package init?(bytes: [UInt8]) {
        guard let words = RecordID(bytes: bytes) else { return nil }
        self.init(high: words.high, low: words.low)
    }

    package var bytes: [UInt8] { RecordID(high: high, low: low).bytes }
}
