import JWTLite
package import Platform
import Synchronization

/// The addresses under which clients know the service: what a proof may name as its target.
///
/// They are set, never taken from a request: who holds a proof that was made for another server could otherwise present
/// it here with that server's name in `Host` or `X-Forwarded-Host`. Known are the issuer's URL, what the operator adds
/// with `--public-url`, and the listener's own address where it is on loopback, which nobody but this machine means.
package final class PublicAddresses: Sendable {
    private let known: Mutex<[[UInt8]]>

    /// Addresses that are no `http` or `https` URL are left out.
    package init(_ urls: [String]) { known = Mutex(urls.compactMap(TargetURI.base)) }

    /// The addresses, each normalised and without a slash at its end.
    package var bases: [[UInt8]] { known.withLock { $0 } }

    /// Adds what a listener on loopback is called by the programs of its machine; does nothing for any other.
    package func add(listener address: SocketAddress, isSecure: Bool) {
        guard address.address.isLoopback else { return }
        let scheme = isSecure ? "https" : "http"
        let names = ["127.0.0.1", "[::1]", "localhost"].compactMap {
            TargetURI.base("\(scheme)://\($0):\(address.port)")
        }
        known.withLock { known in known += names.filter { !known.contains($0) } }
    }
}
