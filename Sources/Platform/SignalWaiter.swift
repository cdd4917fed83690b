import CLinux
import Glibc

/// Signals as values: blocked everywhere and taken one by one from a descriptor (signalfd(2)).
///
/// Make it first thing in `main`, before any thread: threads inherit the blocked set.
package struct SignalWaiter: ~Copyable, Sendable {
    /// The signals that a service answers to.
    package enum Signal: CaseIterable, Equatable, Sendable {
        /// SIGTERM: stop.
        case terminate
        /// SIGINT: stop.
        case interrupt
        /// SIGHUP: read certificates again.
        case hangUp

        package var number: CInt {
            switch self {
            case .terminate: SIGTERM
            case .interrupt: SIGINT
            case .hangUp: SIGHUP
            }
        }
    }

    private let descriptor: FileDescriptor

    package init(_ signals: [Signal] = Signal.allCases) throws(SystemError) {
        var set = sigset_t()
        _ = unsafe sigemptyset(&set)
        for signal in signals { _ = unsafe sigaddset(&set, signal.number) }
        let code = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        guard code == 0 else { throw SystemError(call: "pthread_sigmask", code: code) }
        let raw = unsafe signalfd(-1, &set, CInt(SFD_CLOEXEC))
        guard raw >= 0 else { throw SystemError(call: "signalfd", code: errno) }
        descriptor = FileDescriptor(owning: raw)
    }

    /// Blocks the calling thread until one of the signals comes, or the time is over.
    ///
    /// - Parameter timeoutMilliseconds: nil waits without end, as the main thread of a service does.
    /// - Returns: nil when the time is over.
    package func wait(timeoutMilliseconds: Int? = nil) -> Signal? {
        while true {
            var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&request, 1, timeoutMilliseconds.map { CInt(clamping: $0) } ?? -1)
            if ready == 0 { return nil }
            if ready < 0 {
                guard errno == EINTR else { return nil }
                continue
            }
            var info = signalfd_siginfo()
            let size = MemoryLayout<signalfd_siginfo>.size
            guard unsafe read(descriptor.rawValue, &info, size) == size else { return nil }
            if let signal = Signal.allCases.first(where: { $0.number == CInt(clamping: info.ssi_signo) }) {
                return signal
            }
        }
    }
}
