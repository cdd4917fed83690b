import CLinux
import Glibc
import Synchronization

/// The addresses of a host, by the system's resolver, with a deadline.
///
/// getaddrinfo(3) can not be called off, so each look-up has a thread of its own that is left behind where it takes too
/// long; ``underWayMax`` bounds how many there are.
package enum HostLookup {
    package enum Failure: Error, Equatable, Sendable {
        case unknownHost
        case timedOut
        /// Too many look-ups hang.
        case overloaded
    }

    /// Look-ups at one time in the process.
    package static let underWayMax = 64

    private static let underWay = Mutex(0)

    /// The addresses, in the resolver's order; never empty.
    ///
    /// An address in its usual text form stands for itself. Other numeric forms, such as `127.1` or `0x7f000001`, are
    /// read as the resolver reads them: judge the address that comes of it, never the text.
    package static func addresses(
        of host: String,
        deadline: MonotonicInstant,
        clock: any TimeSource
    ) throws(Failure) -> [IPAddress] {
        if let address = IPAddress(parsing: host) { return [address] }
        let rest = deadline.nanoseconds(since: clock.monotonicNow())
        guard rest > 0 else { throw .timedOut }
        let isAdmitted = underWay.withLock { count in
            guard count < underWayMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .overloaded }
        let answer = Answer()
        do {
            let thread = try Thread(name: "host lookup") {
                answer.addresses.withLock { $0 = resolve(host) }
                underWay.withLock { $0 -= 1 }
                answer.latch.open()
            }
            thread.detach()
        } catch {
            underWay.withLock { $0 -= 1 }
            throw .overloaded
        }
        guard answer.latch.wait(milliseconds: Int(clamping: rest / 1_000_000 + 1)) else { throw .timedOut }
        let addresses = answer.addresses.withLock { $0 }
        guard !addresses.isEmpty else { throw .unknownHost }
        return addresses
    }

    private final class Answer: Sendable {
        let latch = Latch()
        let addresses = Mutex<[IPAddress]>([])
    }

    private static func resolve(_ host: String) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let found = unsafe entry.pointee
            unsafe next = unsafe found.ai_next
            var storage = sockaddr_storage()
            let length = unsafe Int(found.ai_addrlen)
            guard let source = unsafe found.ai_addr, length <= MemoryLayout<sockaddr_storage>.size else { continue }
            unsafe withUnsafeMutableBytes(of: &storage) { target in
                unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: length))
            }
            if let address = SocketAddressCoding.read(&storage)?.address, !addresses.contains(address) {
                addresses.append(address)
            }
        }
        return addresses
    }
}
