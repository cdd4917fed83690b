/// What a client has not taken yet: bytes of the connection's own, and behind them a body that is lent.
///
/// A long body is mostly one that many answers share (a script, a description). It stays where it is until the client has
/// taken it, so that slow readers cost what a connection costs and not what they have asked for. Over TLS it is encrypted
/// piece by piece, as the client takes it.
package struct WaitingOutput {
    /// Bytes of a lent body that are encrypted at a time: two records (RFC 8446 section 5.1).
    package static let pieceBytesMax = 32_768

    /// Bytes to be sent as they are, from ``bytesSent`` on.
    package private(set) var bytes: [UInt8] = []
    package private(set) var bytesSent = 0
    /// A body to be sent behind them, not encrypted yet, from ``bodySent`` on.
    package private(set) var body: [UInt8] = []
    package private(set) var bodySent = 0

    package init() {}

    package var hasBytes: Bool { bytesSent < bytes.count }
    package var hasBody: Bool { bodySent < body.count }
    package var isEmpty: Bool { !hasBytes && !hasBody }

    /// Puts bytes behind those that wait; no body may wait.
    package mutating func append(_ more: ArraySlice<UInt8>) {
        if hasBytes {
            bytes.append(contentsOf: more)
        } else {
            bytes = Array(more)
            bytesSent = 0
        }
    }

    /// Puts a body behind the bytes; no other may wait.
    package mutating func lend(_ lent: [UInt8]) {
        body = lent
        bodySent = 0
    }

    /// Puts plain bytes behind a body that waits.
    package mutating func appendBehindBody(_ more: [UInt8]) {
        guard !more.isEmpty else { return }
        body = Array(body[bodySent...]) + more
        bodySent = 0
    }

    /// So many of the bytes have been taken; where that was all, their memory is given back.
    package mutating func tookBytes(_ count: Int) {
        bytesSent += count
        if !hasBytes {
            bytes = []
            bytesSent = 0
        }
    }

    /// So many bytes of the body have been taken; where that was all, it is let go.
    package mutating func tookBody(_ count: Int) {
        bodySent += count
        if !hasBody {
            body = []
            bodySent = 0
        }
    }

    /// Takes the next piece of the body, for encryption; empty where there is none.
    package mutating func takePiece() -> [UInt8] {
        let piece = Array(body[bodySent..<min(body.count, bodySent + Self.pieceBytesMax)])
        tookBody(piece.count)
        return piece
    }
}
