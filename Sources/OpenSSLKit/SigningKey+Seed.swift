extension SigningKey {
    /// Bytes of the seed of an Ed25519 key.
    package static let seedBytes = 32

    /// What stands before the seed in a PKCS #8 structure (RFC 8410 section 7).
    private static let seedLead: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]

    /// The Ed25519 key of a seed of 32 bytes (RFC 8032 section 5.1.5); any are one, and random ones a fresh one.
    ///
    /// Throws for a seed of another length.
    package convenience init(ed25519Seed seed: SecretBytes) throws(OpenSSLError) {
        let structure = unsafe SecretBytes(count: Self.seedLead.count + seed.count) { buffer in
            unsafe buffer.copyBytes(from: Self.seedLead)
            unsafe seed.withBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[Self.seedLead.count...]).copyMemory(from: bytes)
            }
        }
        try self.init(pkcs8DER: structure)
    }
}
