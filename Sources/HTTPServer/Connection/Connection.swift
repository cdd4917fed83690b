import OpenSSLKit
import Platform

/// Where a connection lives: a fixed place that is borrowed once a turn.
final class ConnectionSlot {
    var connection: Connection

    init(_ connection: consuming Connection) { self.connection = connection }
}

/// One client's connection: its descriptor, its decisions and the bytes that wait.
///
/// Belongs to one loop and is touched by its thread only. An idle one holds no buffer. A struct that is passed along and
/// not an object, so that the exclusive use of its parts is proved by the compiler and not checked at each access.
struct Connection: ~Copyable {
    let token: UInt64
    let peer: IPAddress
    /// Whether `X-Forwarded-For` of this peer is believed.
    let isTrustedProxy: Bool
    /// Whether the connection counts towards its address's limit.
    let isCounted: Bool

    /// Nil where the connection is not secured.
    let tls: TLSSession?
    /// Nil once closed.
    var descriptor: FileDescriptor?
    var state: ConnectionState
    var parser: HTTPRequestParser
    /// The tick of the live entry in the timer wheel; .max where there is none.
    var timerTick = UInt64.max

    /// Bytes received that the parser has not consumed.
    var unread: [UInt8] = []
    /// Whether the parser may make something of `unread` before more bytes come.
    var hasRequestWaiting = false
    /// A request whose body is not complete.
    var partial: HTTPRequest?
    /// Whether another request may follow the one in hand.
    var keepsAlive = false
    /// Whether a `100 Continue` is owed as soon as the body is waited for.
    var owesContinue = false
    /// Whether the request in hand is HEAD.
    var answersHead = false
    /// When the request in hand was complete.
    var askedAt = MonotonicInstant(nanoseconds: 0)

    /// What the client has not taken yet.
    var output = WaitingOutput()

    /// Whether reading may bring something.
    var canRead = false
    /// Whether the peer has sent its last byte, so that reading must go on to the end.
    var hasEnded = false
    /// Whether the client has said over TLS that it sends no more.
    var hasSaidEnd = false
    /// Whether the connection is listed for another turn.
    var isListed = false

    init(
        token: UInt64,
        peer: IPAddress,
        isTrustedProxy: Bool,
        isCounted: Bool,
        descriptor: consuming FileDescriptor,
        tls: TLSSession?,
        state: ConnectionState,
        limits: HTTPLimits
    ) {
        self.token = token
        self.peer = peer
        self.isTrustedProxy = isTrustedProxy
        self.isCounted = isCounted
        self.descriptor = consume descriptor
        self.tls = tls
        self.state = state
        parser = HTTPRequestParser(limits: limits)
    }

    /// The descriptor's number, or -1 once closed, which every system call refuses.
    var raw: CInt {
        switch descriptor {
        case .some(let descriptor): descriptor.rawValue
        case .none: -1
        }
    }

    var isSecure: Bool { tls != nil }

    var isOutputWaiting: Bool { !output.isEmpty }
}
