import OpenSSLKit

/// A client and a server session joined in memory.
final class TLSPair {
    let client: TLSSession
    let server: TLSSession
    var clientPlaintext: [UInt8] = []
    var serverPlaintext: [UInt8] = []
    var clientProgress = TLSProgress.needsMoreInput
    var serverProgress = TLSProgress.needsMoreInput

    init(_ serverContext: TLSServerContext, _ clientContext: TLSClientContext, host: String = "localhost") throws {
        server = TLSSession(server: serverContext)
        client = try TLSSession(client: clientContext, host: host)
    }

    /// Carries bytes both ways in pieces of at most `pieceBytes` until nothing moves; the client moves first.
    func run(pieceBytes: Int = .max) {
        clientProgress = client.advance([], into: &clientPlaintext, bytesMax: 1 << 20)
        var isMoving = true
        while isMoving {
            isMoving = false
            for piece in Self.pieces(of: client, pieceBytes) {
                isMoving = true
                serverProgress = server.advance(piece, into: &serverPlaintext, bytesMax: 1 << 20)
            }
            for piece in Self.pieces(of: server, pieceBytes) {
                isMoving = true
                clientProgress = client.advance(piece, into: &clientPlaintext, bytesMax: 1 << 20)
            }
        }
    }

    private static func pieces(of session: TLSSession, _ pieceBytes: Int) -> [[UInt8]] {
        var bytes: [UInt8] = []
        session.takeCiphertext(into: &bytes)
        return stride(from: 0, to: bytes.count, by: min(pieceBytes, max(1, bytes.count))).map { start in
            Array(bytes[start..<min(bytes.count, start + min(pieceBytes, bytes.count))])
        }
    }
}
