/// Checks on the bytes of Ed25519 keys and signatures (RFC 8032 section 5.1) that go before the library's.
enum Ed25519Encoding {
    /// The order L of the base point: 2^252 + 27742317777372353535851937790883648493.
    private static let order = UInt256(
        0x1000_0000_0000_0000,
        0x0000_0000_0000_0000,
        0x14DE_F9DE_A2F7_9CD6,
        0x5812_631A_5CF5_D3ED
    )
    /// The prime 2^255 − 19.
    private static let prime = UInt256(
        0x7FFF_FFFF_FFFF_FFFF,
        0xFFFF_FFFF_FFFF_FFFF,
        0xFFFF_FFFF_FFFF_FFFF,
        0xFFFF_FFFF_FFFF_FFED
    )
    /// The y coordinates of the eight points whose order divides the cofactor.
    private static let smallOrderYs = [
        UInt256(0, 0, 0, 0),
        UInt256(0, 0, 0, 1),
        UInt256(
            0x7FFF_FFFF_FFFF_FFFF,
            0xFFFF_FFFF_FFFF_FFFF,
            0xFFFF_FFFF_FFFF_FFFF,
            0xFFFF_FFFF_FFFF_FFEC
        ),
        UInt256(
            0x05FC_536D_8802_38B1,
            0x3933_C6D3_05AC_DFD5,
            0xF098_EFF2_89F4_C345,
            0xB027_B2C2_8F95_E826
        ),
        UInt256(
            0x7A03_AC92_77FD_C74E,
            0xC6CC_392C_FA53_202A,
            0x0F67_100D_760B_3CBA,
            0x4FD8_4D3D_706A_17C7
        ),
    ]

    /// Whether the second half of a signature of 64 bytes is below L, so that S + L is not a second spelling.
    static func hasCanonicalScalar(_ signature: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == 64,
            let scalar = unsafe UInt256(littleEndian: UnsafeRawBufferPointer(rebasing: signature[32...]))
        else { return false }
        return scalar < order
    }

    /// Whether 32 bytes are a canonical encoding (y < p) of something other than a point of small order.
    static func isAcceptableKey(_ bytes: [UInt8]) -> Bool {
        guard bytes.count == 32, let last = bytes.last else { return false }
        let withoutSign = bytes.dropLast() + [last & 0x7F]
        guard let y = unsafe withoutSign.withUnsafeBytes({ unsafe UInt256(littleEndian: $0) }) else { return false }
        return y < prime && !smallOrderYs.contains(y)
    }
}
