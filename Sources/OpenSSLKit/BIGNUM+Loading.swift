import COpenSSL

extension UInt256 {
    /// Gives a `BIGNUM` this value; false where there is no memory for it.
    func load(into number: OpaquePointer) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
            unsafe write(bigEndianTo: bytes)
            return unsafe BN_bin2bn(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 32, number) != nil
        }
    }
}

extension Digest256 {
    /// Gives a `BIGNUM` the number z modulo the order n of P-256 that ECDSA takes for this digest (FIPS 186-5 section
    /// 6.4.2); false where there is no memory for it.
    func load(into number: OpaquePointer, modulo order: OpaquePointer) -> Bool {
        let isLoaded = unsafe withUnsafeBytes { bytes in
            unsafe BN_bin2bn(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 32, number) != nil
        }
        // A digest is below 2^256, which is below 2n.
        return unsafe isLoaded && (BN_cmp(number, order) < 0 || BN_sub(number, number, order) == 1)
    }
}
