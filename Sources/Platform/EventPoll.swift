import CLinux
import Glibc

/// What epoll(7) tells of one descriptor.
package struct PollEvent: Sendable {
    /// The number given with the descriptor.
    package let token: UInt64
    /// Bytes, a connection or an end can be read; also set by errors and hang-ups, which reading then reports.
    package let isReadable: Bool
    /// The socket takes bytes again; also set by errors and hang-ups.
    package let isWritable: Bool
    /// The peer has shut its sending side, or the connection is broken; told once, so reading must go on to the end.
    package let hasEnded: Bool
}

/// One epoll instance and its buffer of events.
@safe
package struct EventPoll: ~Copyable {
    /// Events that one wait tells of; where it tells of so many, there may be more.
    package static let eventsMax = 256
    private let descriptor: FileDescriptor
    private let events: UnsafeMutablePointer<epoll_event>

    package init() throws(SystemError) {
        let raw = epoll_create1(CInt(EPOLL_CLOEXEC))
        guard raw >= 0 else { throw SystemError(call: "epoll_create1", code: errno) }
        descriptor = FileDescriptor(owning: raw)
        unsafe events = .allocate(capacity: Self.eventsMax)
    }

    deinit { unsafe events.deallocate() }

    /// Watches a descriptor for both directions, edge-triggered: each change is told once.
    package func addEdge(_ raw: CInt, token: UInt64) throws(SystemError) {
        let interest = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue
        try add(raw, interest | clinux_epoll_edge(), token)
    }

    /// Watches a descriptor for reading, edge-triggered: each change is told once.
    package func addReadEdge(_ raw: CInt, token: UInt64) throws(SystemError) {
        try add(raw, EPOLLIN.rawValue | clinux_epoll_edge(), token)
    }

    /// Watches a descriptor for reading, level-triggered: told as long as there is something to read.
    package func addLevel(_ raw: CInt, token: UInt64) throws(SystemError) {
        try add(raw, EPOLLIN.rawValue, token)
    }

    /// Stops watching a descriptor that stays open; closing one does so by itself.
    package func remove(_ raw: CInt) {
        var unused = unsafe epoll_event()
        _ = unsafe epoll_ctl(descriptor.rawValue, EPOLL_CTL_DEL, raw, &unused)
    }

    private func add(_ raw: CInt, _ interest: UInt32, _ token: UInt64) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = interest
        unsafe event.data.u64 = token
        guard unsafe epoll_ctl(descriptor.rawValue, EPOLL_CTL_ADD, raw, &event) == 0 else {
            throw SystemError(call: "epoll_ctl", code: errno)
        }
    }

    /// Waits for events; returns their number, 0 when the time is over or a signal came.
    ///
    /// - Parameter timeoutMilliseconds: -1 waits without end.
    package func wait(timeoutMilliseconds: CInt) -> Int {
        let count = unsafe epoll_wait(
            descriptor.rawValue,
            events,
            CInt(Self.eventsMax),
            timeoutMilliseconds
        )
        return max(Int(count), 0)
    }

    /// An event of the last ``wait(timeoutMilliseconds:)``, by index below its result.
    package func event(_ index: Int) -> PollEvent {
        precondition(index >= 0 && index < Self.eventsMax, "an event is asked for by its index")
        let flags = unsafe events[index].events
        let isBroken = flags & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        let hasEnded = isBroken || flags & EPOLLRDHUP.rawValue != 0
        return unsafe PollEvent(
            token: events[index].data.u64,
            isReadable: hasEnded || flags & EPOLLIN.rawValue != 0,
            isWritable: isBroken || flags & EPOLLOUT.rawValue != 0,
            hasEnded: hasEnded
        )
    }
}

/// A descriptor that wakes a waiting ``EventPoll`` from any thread (eventfd(2)).
package struct WakeSignal: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    package init() throws(SystemError) {
        let raw = eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))
        guard raw >= 0 else { throw SystemError(call: "eventfd", code: errno) }
        descriptor = FileDescriptor(owning: raw)
    }

    package var rawValue: CInt { descriptor.rawValue }

    /// Makes the descriptor readable.
    ///
    /// Watched with ``EventPoll/addReadEdge(_:token:)`` it never needs to be read: each signal is an edge.
    package func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor.rawValue, &one, 8)
    }
}
