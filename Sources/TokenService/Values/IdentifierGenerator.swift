package import InviteStore
package import Platform

/// Makes UUIDv7 ids (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 random bits.
package struct IdentifierGenerator: Sendable {
    private let random: any RandomSource

    package init(random: any RandomSource) { self.random = random }

    /// A new id for something made at `now`.
    package func next(at now: UnixTime) -> RecordID {
        let words = random.words()
        let milliseconds = UInt64(clamping: now.milliseconds) & 0xFFFF_FFFF_FFFF
        return RecordID(
            high: milliseconds << 16 | 0x7000 | (words.0 & 0x0FFF),
            low: words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        )
    }
}
