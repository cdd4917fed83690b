import OpenSSLKit

/// What happened in a simulation: its last lines, and a digest over all of them.
struct Trace {
    private static let linesMax = 120

    private(set) var last: [String] = []
    private(set) var digest = Digest256.zero
    private(set) var count = 0

    /// Notes a line; `more` enters the digest alone.
    mutating func note(_ line: String, _ more: [UInt8] = []) {
        digest = SHA256Digest.digest(digest.bytes + Array(line.utf8) + more)
        count += 1
        last.append(line)
        if last.count > Self.linesMax * 2 { last.removeFirst(Self.linesMax) }
    }

    /// The last lines.
    var tail: [String] { last.suffix(Self.linesMax) }
}
