/// An ECDSA signature on P-256 whose halves are in range: 0 < r < n and 0 < s ≤ n/2.
///
/// A signature with s has a twin with n − s; only the lower one is made and accepted here, so that one token has one
/// spelling. The range is checked before OpenSSL sees a byte (the r = s = 0 of CVE-2022-21449 ends here).
struct ECDSASignature {
    /// The order n of the group (FIPS 186-5, SP 800-186 section 3.2.1.3).
    private static let order = UInt256(
        0xFFFF_FFFF_0000_0000,
        0xFFFF_FFFF_FFFF_FFFF,
        0xBCE6_FAAD_A717_9E84,
        0xF3B9_CAC2_FC63_2551
    )
    /// n/2 rounded down.
    private static let halfOrder = UInt256(
        0x7FFF_FFFF_8000_0000,
        0x7FFF_FFFF_FFFF_FFFF,
        0xDE73_7D56_D38B_CF42,
        0x79DC_E561_7E31_92A8
    )

    /// Longest DER form: two integers of 33 bytes and three headers of two.
    static let derBytesMax = 72

    let r: UInt256
    private let s: UInt256

    /// 1/s modulo n.
    var inverseOfS: UInt256? { s.inverse(modulo: Self.order) }

    /// Reads r ‖ s of exactly 64 bytes (RFC 7518 section 3.4); nil where either half is out of range.
    ///
    /// With `acceptsHighS` the higher twin is taken for the lower one.
    init?(fixedWidth bytes: UnsafeRawBufferPointer, acceptsHighS: Bool = false) {
        guard bytes.count == 64,
            let r = unsafe UInt256(bigEndian: UnsafeRawBufferPointer(rebasing: bytes[..<32])),
            let s = unsafe UInt256(bigEndian: UnsafeRawBufferPointer(rebasing: bytes[32...])),
            UInt256.zero < r, r < Self.order, UInt256.zero < s, s < Self.order, acceptsHighS || s <= Self.halfOrder
        else { return nil }
        self.r = r
        self.s = s <= Self.halfOrder ? s : Self.order &- s
    }

    /// Reads the DER form that OpenSSL gives (RFC 3279 section 2.2.3) and takes the lower of s and n − s.
    init?(der bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= 8, unsafe bytes[0] == 0x30, unsafe Int(bytes[1]) == bytes.count - 2 else { return nil }
        var position = 2
        guard let r = unsafe Self.readInteger(bytes, at: &position),
            let s = unsafe Self.readInteger(bytes, at: &position),
            position == bytes.count, UInt256.zero < r, r < Self.order, UInt256.zero < s, s < Self.order
        else { return nil }
        self.r = r
        self.s = s <= Self.halfOrder ? s : Self.order &- s
    }

    /// r ‖ s, 64 bytes.
    var fixedWidth: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 64) { buffer, initializedCount in
            unsafe buffer.initialize(repeating: 0)
            let raw = UnsafeMutableRawBufferPointer(buffer)
            unsafe r.write(bigEndianTo: UnsafeMutableRawBufferPointer(rebasing: raw[..<32]))
            unsafe s.write(bigEndianTo: UnsafeMutableRawBufferPointer(rebasing: raw[32...]))
            initializedCount = 64
        }
    }

    /// Writes the DER form into a buffer of at least ``derBytesMax`` bytes and gives its length.
    func writeDER(to buffer: UnsafeMutableRawBufferPointer) -> Int {
        let middle = unsafe Self.writeInteger(r, to: buffer, at: 2)
        let end = unsafe Self.writeInteger(s, to: buffer, at: middle)
        unsafe buffer[0] = 0x30
        unsafe buffer[1] = UInt8(end - 2)
        return end
    }

    /// Writes one DER integer at `position` and gives the position after it.
    private static func writeInteger(
        _ value: UInt256,
        to buffer: UnsafeMutableRawBufferPointer,
        at position: Int
    ) -> Int {
        let content = position + 2
        unsafe buffer[content] = 0
        unsafe value.write(bigEndianTo: UnsafeMutableRawBufferPointer(rebasing: buffer[(content + 1)...]))
        // The shortest form with a clear top bit: drop leading zeros, but keep the one that is needed.
        var first = content
        while first < content + 32, unsafe buffer[first] == 0 && buffer[first + 1] < 0x80 { first += 1 }
        let length = content + 33 - first
        for offset in 0..<length { unsafe buffer[content + offset] = buffer[first + offset] }
        unsafe buffer[position] = 0x02
        unsafe buffer[position + 1] = UInt8(length)
        return content + length
    }

    private static func readInteger(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> UInt256? {
        guard position + 2 < bytes.count, unsafe bytes[position] == 0x02 else { return nil }
        let length = unsafe Int(bytes[position + 1])
        var first = position + 2
        let end = first + length
        guard length > 0, end <= bytes.count else { return nil }
        position = end
        while end - first > 32 {
            guard unsafe bytes[first] == 0 else { return nil }
            first += 1
        }
        return unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { padded in
            unsafe padded.initializeMemory(as: UInt8.self, repeating: 0)
            for index in first..<end { unsafe padded[32 - (end - index)] = bytes[index] }
            return unsafe UInt256(bigEndian: UnsafeRawBufferPointer(padded))
        }
    }
}
