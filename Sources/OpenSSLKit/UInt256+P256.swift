/// The numbers of P-256 (SP 800-186 section 3.2.1.3).
extension UInt256 {
    /// The order n of the group.
    static let groupOrder = UInt256(
        0xFFFF_FFFF_0000_0000,
        0xFFFF_FFFF_FFFF_FFFF,
        0xBCE6_FAAD_A717_9E84,
        0xF3B9_CAC2_FC63_2551
    )
    /// n/2 rounded down.
    static let halfOrder = UInt256(
        0x7FFF_FFFF_8000_0000,
        0x7FFF_FFFF_FFFF_FFFF,
        0xDE73_7D56_D38B_CF42,
        0x79DC_E561_7E31_92A8
    )
    /// The prime p of the field.
    static let fieldPrime = UInt256(
        0xFFFF_FFFF_0000_0001,
        0x0000_0000_0000_0000,
        0x0000_0000_FFFF_FFFF,
        0xFFFF_FFFF_FFFF_FFFF
    )
}
