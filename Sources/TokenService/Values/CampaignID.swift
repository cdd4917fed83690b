/// The caller's own id for what the widget shows: 1 to 64 of `A-Z a-z 0-9 _ . : -`.
package struct CampaignID: Hashable, Sendable {
    package let text: String

    /// The longest id, in characters.
    package static let charactersMax = 64

    package init?(_ text: String) {
        let utf8 = text.utf8
        guard utf8.count >= 1, utf8.count <= Self.charactersMax, utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"),
            UInt8(ascii: "-"):
            return true
        default: return false
        }
    }
}
