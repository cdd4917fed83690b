import OpenSSLKit
import Platform
import Synchronization
import Telemetry

/// What the loops of one server have in common.
final class ServerShared: Sendable {
    let configuration: HTTPServerConfiguration
    let responder: any HTTPResponder
    let metrics: HTTPServerMetrics
    let logger: Logger?
    let openConnections = Atomic<Int>(0)
    let addresses: AddressCounts
    /// What new sessions are made from; nil without TLS.
    private let tlsContext: Mutex<TLSServerContext?>

    var limits: HTTPLimits { configuration.limits }
    var time: any TimeSource { configuration.time }

    var isSecure: Bool { configuration.tls != nil }

    /// - Throws: where the certificate or key cannot be used.
    init(
        configuration: HTTPServerConfiguration,
        responder: any HTTPResponder,
        metrics: HTTPServerMetrics,
        logger: Logger?
    ) throws(TLSError) {
        var context: TLSServerContext?
        if let tls = configuration.tls { context = try TLSServerContext(tls) }
        tlsContext = Mutex(context)
        self.configuration = configuration
        self.responder = responder
        self.metrics = metrics
        self.logger = logger
        addresses = AddressCounts(limit: configuration.limits.connectionsPerAddressMax)
    }
}

extension ServerShared {
    /// A session for a new connection; nil without TLS.
    func makeSession() -> TLSSession? { tlsContext.withLock { $0 }.map { TLSSession(server: $0) } }

    /// Reads certificate and key again; what is in use stays where they are no good.
    func reloadTLS() throws(TLSError) {
        guard let tls = configuration.tls else { return }
        let context = try TLSServerContext(tls)
        tlsContext.withLock { $0 = context }
    }
}

/// How many connections each client address has open.
final class AddressCounts: Sendable {
    private let limit: Int
    private let counts = Mutex<[IPAddress: Int]>([:])

    /// - Parameter limit: 0 switches counting off.
    init(limit: Int) { self.limit = limit }

    /// Counts one more connection; false where the address has as many as it may.
    func enter(_ address: IPAddress) -> Bool {
        guard limit > 0 else { return true }
        let key = Self.key(address)
        return counts.withLock { counts in
            let count = counts[key] ?? 0
            guard count < limit else { return false }
            counts[key] = count + 1
            return true
        }
    }

    /// Counts one connection less.
    func leave(_ address: IPAddress) {
        guard limit > 0 else { return }
        let key = Self.key(address)
        counts.withLock { counts in
            let count = (counts[key] ?? 0) - 1
            counts[key] = count > 0 ? count : nil
        }
    }

    /// One subscriber has one IPv4 address, but a whole /64 of IPv6 (RFC 6177).
    private static func key(_ address: IPAddress) -> IPAddress {
        address.family == .v6 ? address.prefix(bits: 64) : address
    }
}
