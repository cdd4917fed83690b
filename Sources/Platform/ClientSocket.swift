import CLinux
import Glibc

/// Outgoing TCP connections for tools that may block: one host, one deadline for each step.
package enum ClientSocket {
    /// Why no connection came about.
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case unknownHost(String)
        case unreachable(String, SystemError)

        package var description: String {
            switch self {
            case .unknownHost(let host): "the host \(host) is not known"
            case .unreachable(let place, let error): "\(place) can not be reached: \(error)"
            }
        }
    }

    /// Connects to the first address of the host that answers; later reads and writes wait at most `timeoutSeconds`.
    package static func connect(
        host: String,
        port: UInt16,
        timeoutSeconds: Int
    ) throws(Failure) -> FileDescriptor {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0 else { throw .unknownHost(host) }
        defer { unsafe freeaddrinfo(list) }
        var failure = SystemError(call: "connect", code: ECONNREFUSED)
        var next = unsafe list
        while let entry = unsafe next {
            let address = unsafe entry.pointee
            unsafe next = unsafe address.ai_next
            let type = unsafe address.ai_socktype | CInt(SOCK_CLOEXEC.rawValue)
            let descriptor = unsafe socket(address.ai_family, type, address.ai_protocol)
            guard descriptor >= 0 else { continue }
            let owned = FileDescriptor(owning: descriptor)
            setTimeouts(descriptor, timeoutSeconds)
            if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return owned }
            failure = SystemError(call: "connect", code: errno)
        }
        throw .unreachable("\(host):\(port)", failure)
    }

    private static func setTimeouts(_ descriptor: CInt, _ seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }
}
