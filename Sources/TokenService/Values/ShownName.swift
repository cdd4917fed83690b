/// A name that somebody sent and nobody asked for, as it may be told back.
enum ShownName {
    /// Bytes of UTF-8, since letters with any number of accents count as one character each to Swift.
    static let bytesMax = 64

    /// The beginning of the name, at most ``bytesMax`` bytes, cut between two Unicode scalars.
    static func text(_ name: String) -> String {
        let head = Array(name.utf8.prefix(bytesMax + 1))
        guard head.count > bytesMax, let end = head.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return name }
        return String(decoding: head[..<end], as: UTF8.self)
    }
}
