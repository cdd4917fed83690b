import COpenSSL

extension UInt256 {
    /// Gives a `BIGNUM` this value; false where there is no memory for it.
    func load(into number: OpaquePointer) -> Bool {
        unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes in
            unsafe write(bigEndianTo: bytes)
            return unsafe BN_bin2bn(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), 32, number) != nil
        }
    }

    /// The value of a `BIGNUM`; nil where it is negative or has more than 256 bits.
    init?(_ number: OpaquePointer) {
        let value = unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { bytes -> UInt256? in
            defer { unsafe OPENSSL_cleanse(bytes.baseAddress, 32) }
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe BN_is_negative(number) == 0, unsafe BN_bn2lebinpad(number, start, 32) == 32 else { return nil }
            return unsafe UInt256(littleEndian: UnsafeRawBufferPointer(bytes))
        }
        guard let value else { return nil }
        self = value
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
