import Foundation
import Glibc
import OpenSSLKit
import Platform

/// A blocking TLS server for one socket, on a thread of its own, that answers what it reads with the same bytes.
enum TLSSocketPeer {
    /// How the echo ends.
    enum Ending: Sendable {
        /// Answers the client's close_notify with one.
        case closeNotify
        /// Closes the socket after the first answer, without a word.
        case cut
    }

    /// A connected pair of sockets; the caller owns both.
    static func socketPair() throws -> (client: CInt, server: CInt) {
        var pair: [CInt] = [-1, -1]
        guard unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw SystemError(call: "socketpair", code: errno)
        }
        return (client: pair[0], server: pair[1])
    }

    /// Serves a socket, which it takes over, on a new thread.
    static func serve(_ socket: CInt, _ context: TLSServerContext, _ ending: Ending) {
        Thread.detachNewThread { echo(FileDescriptor(owning: socket), context, ending) }
    }

    /// Echoes until the client ends; true where the session was resumed.
    @discardableResult
    static func echo(_ socket: consuming FileDescriptor, _ context: TLSServerContext, _ ending: Ending) -> Bool {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        let limitBytes = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(socket.rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, limitBytes)
        let session = TLSSession(server: context)
        var buffer = [UInt8](repeating: 0, count: 4096)
        var isOver = false
        while !isOver {
            let count = unsafe recv(socket.rawValue, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            var plaintext: [UInt8] = []
            switch session.advance(Array(buffer[..<count]), into: &plaintext, bytesMax: 1 << 20) {
            case .needsMoreInput, .outputFull: break
            case .closed, .failed: isOver = true
            }
            _ = session.send(plaintext)
            if isOver { session.shutdown() }
            var outgoing: [UInt8] = []
            session.takeCiphertext(into: &outgoing)
            var sent = 0
            while sent < outgoing.count {
                let rest = Array(outgoing[sent...])
                let count = unsafe Glibc.send(socket.rawValue, rest, rest.count, CInt(MSG_NOSIGNAL))
                guard count > 0 else { return session.isResumed }
                sent += count
            }
            if ending == .cut, !plaintext.isEmpty { isOver = true }
        }
        return session.isResumed
    }
}
