package import OpenSSLKit
package import Platform

/// A blocking HTTP/1.1 client: one request a connection, one total deadline, redirects never followed.
///
/// A name is looked up once for each request and every address that comes of it is checked; the connection goes to one
/// of the checked addresses, and the name stands in `Host`, in SNI and in the certificate alone. So a name that
/// changes its address between the check and the connection gains nothing.
package struct HTTPClient: Sendable {
    /// How long things may take, in milliseconds.
    package struct Deadlines: Sendable {
        /// Look-up and connections together.
        package var connectMilliseconds: Int
        /// Everything, from the look-up to the last byte of the answer.
        package var totalMilliseconds: Int

        package init(connectMilliseconds: Int, totalMilliseconds: Int) {
            self.connectMilliseconds = connectMilliseconds
            self.totalMilliseconds = totalMilliseconds
        }
    }

    /// Addresses of one host that are tried.
    private static let addressesMax = 4

    private let addresses: AddressGuard
    private let tls: TLSClientContext?
    private let deadlines: Deadlines
    private let limits: HTTPAnswerLimits
    private let clock: any TimeSource

    /// - Parameter tls: whom to trust; a client without it reaches no `https` endpoint.
    package init(
        addresses: AddressGuard,
        tls: TLSClientContext?,
        deadlines: Deadlines,
        limits: HTTPAnswerLimits,
        clock: any TimeSource = SystemTimeSource()
    ) {
        self.addresses = addresses
        self.tls = tls
        self.deadlines = deadlines
        self.limits = limits
        self.clock = clock
    }

    /// Sends one request and reads its answer.
    package func send(_ order: HTTPOrder) throws(HTTPClientError) -> HTTPAnswer {
        let start = clock.monotonicNow()
        let deadline = start.adding(milliseconds: deadlines.totalMilliseconds)
        let connectDeadline = min(deadline, start.adding(milliseconds: deadlines.connectMilliseconds))
        let head = try Self.head(of: order)
        let places = try places(of: order.endpoint, by: connectDeadline)
        let connection = try connect(order.endpoint, places, by: connectDeadline, deadline)
        try connection.write(head + order.body)
        var parser = HTTPAnswerParser(limits: limits)
        while !parser.isComplete {
            let bytes = try connection.read()
            do throws(HTTPAnswerFault) {
                if bytes.isEmpty {
                    if try !parser.end() { break }
                } else {
                    try parser.feed(bytes[...])
                }
            } catch {
                throw .malformed(error)
            }
        }
        guard parser.isComplete else { throw .cutOff }
        return parser.answer
    }

    /// The addresses of the endpoint, all of them checked; one that must not be reached spoils the others.
    private func places(
        of endpoint: HTTPEndpoint,
        by deadline: MonotonicInstant
    ) throws(HTTPClientError) -> [SocketAddress] {
        let found: [IPAddress]
        do throws(HostLookup.Failure) {
            found = try HostLookup.addresses(of: endpoint.host, deadline: deadline, clock: clock)
        } catch {
            throw error == .unknownHost ? .unknownHost(endpoint.host) : .timedOut
        }
        if let refused = found.first(where: { !addresses.admits($0) }) { throw .addressRefused(refused) }
        return found.prefix(Self.addressesMax).map { SocketAddress(address: $0, port: endpoint.port) }
    }

    /// A connection to the first place that answers.
    private func connect(
        _ endpoint: HTTPEndpoint,
        _ places: [SocketAddress],
        by connectDeadline: MonotonicInstant,
        _ deadline: MonotonicInstant
    ) throws(HTTPClientError) -> HTTPConnection {
        var failure = HTTPClientError.unknownHost(endpoint.host)
        for place in places {
            do throws(HTTPClientError) {
                return try HTTPConnection(
                    to: place,
                    name: endpoint.host,
                    tls: endpoint.isSecure ? try trusted() : nil,
                    connectDeadline: connectDeadline,
                    deadline: deadline,
                    clock: clock
                )
            } catch {
                guard case .unreachable = error else { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// Whom to trust; never nothing, so that what should be encrypted is not sent in clear.
    private func trusted() throws(HTTPClientError) -> TLSClientContext {
        guard let tls else { throw .nobodyTrusted }
        return tls
    }

    /// The head of a request; the client adds `Host`, `Connection` and `Content-Length`.
    private static func head(of order: HTTPOrder) throws(HTTPClientError) -> [UInt8] {
        var fields = [("Host", order.endpoint.authority), ("Connection", "close")] + order.fields
        if !order.body.isEmpty || order.method != "GET" { fields.append(("Content-Length", String(order.body.count))) }
        var head = "\(order.method) \(order.target) HTTP/1.1\r\n"
        guard order.target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badField("request") }
        for (name, value) in fields {
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else { throw .badField(name) }
            head += "\(name): \(value)\r\n"
        }
        return Array((head + "\r\n").utf8)
    }
}
