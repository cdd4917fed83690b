/// An ECDSA signature on P-256 whose halves are in range: 0 < r < n and 0 < s ≤ n/2.
///
/// A signature with s has a twin with n − s; only the lower one is made and accepted here, so that one token has one
/// spelling. The range is checked before OpenSSL sees a byte (the r = s = 0 of CVE-2022-21449 ends here).
struct ECDSASignature {
    /// Longest DER form: two integers of 33 bytes and three headers of two.
    static let derBytesMax = 72

    let r: UInt256
    private let s: UInt256

    /// 1/s modulo n.
    var inverseOfS: UInt256? { s.inverse(modulo: .groupOrder) }

    /// Reads r ‖ s of exactly 64 bytes (RFC 7518 section 3.4); nil where either half is out of range.
    ///
    /// With `acceptsHighS` the higher twin is taken for the lower one.
    init?(fixedWidth bytes: UnsafeRawBufferPointer, acceptsHighS: Bool = false) {
        guard bytes.count == 64,
            let r = unsafe UInt256(bigEndian: UnsafeRawBufferPointer(rebasing: bytes[..<32])),
            let s = unsafe UInt256(bigEndian: UnsafeRawBufferPointer(rebasing: bytes[32...])),
            acceptsHighS || s <= .halfOrder
        else { return nil }
        self.init(r: r, anyS: s)
    }

    /// From halves modulo n, of which s may be either twin; nil where one is 0, which happens once in 2^256 times.
    init?(r: UInt256, anyS s: UInt256) {
        guard UInt256.zero < r, r < .groupOrder, UInt256.zero < s, s < .groupOrder else { return nil }
        self.r = r
        self.s = s <= .halfOrder ? s : .groupOrder &- s
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
}
