import CLinux
import Glibc

/// What became of an attempt to accept a connection.
package enum AcceptOutcome: ~Copyable {
    /// A connection, non-blocking, and its peer.
    case accepted(FileDescriptor, SocketAddress)
    /// Nobody is waiting.
    case nobody
    /// This one went wrong; the next may not.
    case retry
    /// The process or the machine has no descriptor left (EMFILE, ENFILE), or no memory for one.
    case exhausted
    /// The listener is of no use any more.
    case failed(SystemError)
}

/// What became of an attempt to receive or to send.
package enum TransferOutcome: Equatable, Sendable {
    /// So many bytes, at least one.
    case moved(Int)
    /// Not now: wait for the event.
    case blocked
    /// The peer has shut its sending side (receiving only).
    case ended
    /// The connection is broken.
    case failed
}

/// TCP sockets by their system calls: none blocks, none raises SIGPIPE.
package enum Socket {
    /// Fails with `EADDRINUSE` where somebody listens on the address already.
    ///
    /// Sockets that share a port (SO_REUSEPORT) would let a second process of the same user take half of the
    /// connections without a word; this one does not share, so it tells.
    package static func requireUnused(_ address: SocketAddress) throws(SystemError) {
        guard address.port != 0 else { return }
        let probe = try open(on: address, isShared: false)
        guard Glibc.listen(probe.rawValue, 1) == 0 else {
            throw SystemError(call: "listen on \(address)", code: errno)
        }
    }

    /// Opens a listening socket that shares its port with the other loops' sockets.
    ///
    /// An IPv6 wildcard takes IPv4 too. Accepted sockets send without delay, and the kernel takes no more than
    /// `unsentBytesMax` bytes beyond what is on its way (TCP_NODELAY and TCP_NOTSENT_LOWAT are inherited): a reader that
    /// stands still holds little of its memory.
    package static func listen(
        on address: SocketAddress,
        backlog: Int,
        unsentBytesMax: Int
    ) throws(SystemError) -> FileDescriptor {
        let descriptor = try open(on: address, isShared: true)
        try set(descriptor.rawValue, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, CInt(clamping: unsentBytesMax))
        guard Glibc.listen(descriptor.rawValue, CInt(clamping: backlog)) == 0 else {
            throw SystemError(call: "listen", code: errno)
        }
        return descriptor
    }

    private static func open(on address: SocketAddress, isShared: Bool) throws(SystemError) -> FileDescriptor {
        let family = address.address.family == .v4 ? AF_INET : AF_INET6
        let raw = socket(family, clinux_stream_socket(), 0)
        guard raw >= 0 else { throw SystemError(call: "socket", code: errno) }
        let descriptor = FileDescriptor(owning: raw)
        try set(raw, SOL_SOCKET, SO_REUSEADDR, 1)
        if isShared { try set(raw, SOL_SOCKET, SO_REUSEPORT, 1) }
        try set(raw, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
        if address.address.family == .v6 {
            let isWildcard = address.address.upperBits == 0 && address.address.lowerBits == 0
            try set(raw, CInt(IPPROTO_IPV6), IPV6_V6ONLY, isWildcard ? 0 : 1)
        }
        var storage = sockaddr_storage()
        let length = SocketAddressCoding.write(address, into: &storage)
        let bound = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(raw, $0, length) }
        }
        guard bound == 0 else { throw SystemError(call: "bind to \(address)", code: errno) }
        return descriptor
    }

    /// The address that a socket is bound to.
    package static func localAddress(of raw: CInt) throws(SystemError) -> SocketAddress {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(raw, $0, &length)
            }
        }
        guard result == 0, let address = SocketAddressCoding.read(&storage) else {
            throw SystemError(call: "getsockname", code: errno)
        }
        return address
    }

    /// Takes the next waiting connection.
    package static func accept(_ listener: CInt) -> AcceptOutcome {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let raw = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe clinux_accept(listener, $0, &length)
            }
        }
        guard raw >= 0 else { return acceptFailure(errno) }
        let descriptor = FileDescriptor(owning: raw)
        guard let peer = SocketAddressCoding.read(&storage) else { return .retry }
        return .accepted(descriptor, peer)
    }

    private static func acceptFailure(_ code: CInt) -> AcceptOutcome {
        switch code {
        case EAGAIN: .nobody
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: .exhausted
        case EBADF, EINVAL, ENOTSOCK, EFAULT, EOPNOTSUPP: .failed(SystemError(call: "accept4", code: code))
        // ECONNABORTED, EINTR, EPROTO, and the network errors that accept(2) says to treat like EAGAIN.
        default: .retry
        }
    }

    /// Receives into `buffer[start...]`.
    package static func receive(_ raw: CInt, into buffer: inout [UInt8], from start: Int = 0) -> TransferOutcome {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
                guard start >= 0, start < bytes.count, let base = bytes.baseAddress else { return 0 }
                return unsafe recv(raw, base + start, bytes.count - start, 0)
            }
            if count > 0 { return .moved(count) }
            if count == 0 { return .ended }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .blocked
            default: return .failed
            }
        }
    }

    /// Sends `bytes[start...]`, or as many of them as go.
    package static func send(_ raw: CInt, _ bytes: borrowing Span<UInt8>, from start: Int = 0) -> TransferOutcome {
        while true {
            let count = unsafe bytes.withUnsafeBufferPointer { buffer -> Int in
                guard start >= 0, start < buffer.count, let base = buffer.baseAddress else { return 0 }
                return unsafe Glibc.send(raw, base + start, buffer.count - start, clinux_no_signal())
            }
            if count > 0 { return .moved(count) }
            switch count == 0 ? EAGAIN : errno {
            case EINTR: continue
            case EAGAIN: return .blocked
            default: return .failed
            }
        }
    }

    /// Tells the peer that nothing more will be sent.
    package static func shutdownSending(_ raw: CInt) { _ = shutdown(raw, CInt(SHUT_WR)) }

    /// Makes closing discard what is unsent and reset the connection, so that a stuck peer holds no memory.
    package static func resetOnClose(_ raw: CInt) {
        var value = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(raw, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    /// Lets a listening socket drop new connection attempts unanswered while handshakes under way complete.
    ///
    /// The peers of those dropped try again within a second, when the socket is closed or another process has the port.
    package static func refuseNewConnections(_ listener: CInt) {
        // Load the TCP flags (byte 13 of the segment); keep nothing of a segment with SYN set, all of any other.
        var program: [4 of sock_filter] = [
            sock_filter(code: UInt16(BPF_LD | BPF_B | BPF_ABS), jt: 0, jf: 0, k: 13),
            sock_filter(code: UInt16(BPF_JMP | BPF_JSET | BPF_K), jt: 0, jf: 1, k: 0x02),
            sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: 0),
            sock_filter(code: UInt16(BPF_RET | BPF_K), jt: 0, jf: 0, k: .max),
        ]
        unsafe withUnsafeMutableBytes(of: &program) { bytes in
            let filters = unsafe bytes.baseAddress?.assumingMemoryBound(to: sock_filter.self)
            var filter = unsafe sock_fprog(len: 4, filter: filters)
            let size = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
            _ = unsafe setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, size)
        }
    }

    private static func set(_ raw: CInt, _ level: CInt, _ option: CInt, _ value: CInt) throws(SystemError) {
        var value = value
        guard unsafe setsockopt(raw, level, option, &value, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
            throw SystemError(call: "setsockopt", code: errno)
        }
    }
}
