import CLinux
import Glibc

/// Outgoing TCP connections for threads that may block: sockets that never block by themselves, and waits with a
/// deadline.
package enum ClientSocket {
    /// What a socket is waited for.
    package enum Readiness: Sendable {
        case receiving
        case sending
    }

    /// Connects to one address; fails with `ETIMEDOUT` at the deadline.
    package static func connect(
        to address: SocketAddress,
        deadline: MonotonicInstant,
        clock: any TimeSource
    ) throws(SystemError) -> FileDescriptor {
        let family = address.address.family == .v4 ? AF_INET : AF_INET6
        let raw = socket(family, clinux_stream_socket(), 0)
        guard raw >= 0 else { throw SystemError(call: "socket", code: errno) }
        let descriptor = FileDescriptor(owning: raw)
        var storage = sockaddr_storage()
        let length = SocketAddressCoding.write(address, into: &storage)
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.connect(raw, $0, length) }
        }
        if result == 0 { return descriptor }
        let code = errno
        guard code == EINPROGRESS || code == EINTR else { throw SystemError(call: "connect", code: code) }
        try wait(raw, for: .sending, deadline: deadline, clock: clock)
        var failure: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe getsockopt(raw, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 else {
            throw SystemError(call: "getsockopt", code: errno)
        }
        guard failure == 0 else { throw SystemError(call: "connect", code: failure) }
        return descriptor
    }

    /// Waits until the socket is ready, or has failed; fails with `ETIMEDOUT` at the deadline.
    package static func wait(
        _ raw: CInt,
        for readiness: Readiness,
        deadline: MonotonicInstant,
        clock: any TimeSource
    ) throws(SystemError) {
        while true {
            let restNanoseconds = deadline.nanoseconds(since: clock.monotonicNow())
            guard restNanoseconds > 0 else { throw SystemError(call: "wait", code: ETIMEDOUT) }
            let events = readiness == .receiving ? POLLIN : POLLOUT
            var entry = pollfd(fd: raw, events: Int16(truncatingIfNeeded: events), revents: 0)
            let ready = unsafe poll(&entry, 1, CInt(clamping: restNanoseconds / 1_000_000 + 1))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw SystemError(call: "poll", code: errno) }
        }
    }
}

extension SystemError {
    /// True where a deadline passed.
    package var isTimeout: Bool { code == ETIMEDOUT }
}
