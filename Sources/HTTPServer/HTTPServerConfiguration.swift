package import OpenSSLKit
package import Platform

/// How a server is to run.
package struct HTTPServerConfiguration: Sendable {
    /// Where to listen; port 0 takes any free port.
    package var listeners: [SocketAddress]
    /// Event loops, each on a thread of its own; nil is one per processor.
    package var loopCount: Int?
    package var limits = HTTPLimits()
    /// Speaks TLS on every listener, where set.
    package var tls: TLSServerConfiguration?
    /// Peers whose `X-Forwarded-For` is believed.
    package var trustedProxies: [IPNetwork] = []
    /// How long a draining server goes on accepting, so that balancers notice first.
    package var drainDelayMilliseconds = 0
    package var time: any TimeSource = SystemTimeSource()
    /// The value of the label `listener` on this server's metrics, and the stem of its threads' names.
    package var name: String

    package init(listeners: [SocketAddress], name: String = "public") {
        self.listeners = listeners
        self.name = name
    }
}
