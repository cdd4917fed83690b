import CLinux
import Glibc

/// Settings of the whole process.
package enum Platform {
    /// Raises the limit on open descriptors to the hard one; returns what holds now.
    @discardableResult
    package static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe clinux_get_descriptor_limit(&limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if unsafe clinux_set_descriptor_limit(&raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Sets the soft limit on open descriptors, at most to the hard one; for tests of exhaustion.
    @discardableResult
    package static func setDescriptorLimit(_ count: Int) -> Bool {
        var limit = rlimit()
        guard unsafe clinux_get_descriptor_limit(&limit) == 0 else { return false }
        limit.rlim_cur = min(UInt(clamping: count), limit.rlim_max)
        return unsafe clinux_set_descriptor_limit(&limit) == 0
    }

    /// Keeps secrets out of core dumps: none is written, and other processes of the user cannot attach.
    package static func disableCoreDumps() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe clinux_set_core_limit(&none)
        _ = clinux_prctl(PR_SET_DUMPABLE, 0)
    }

    /// Lets a crash end the process plainly, as it would without Swift's runtime.
    ///
    /// The report that the runtime would write to standard error shows registers and the bytes that they point at, which
    /// may be a key or a token, and takes seconds in which no successor can start. Whoever wants it sets
    /// `SWIFT_BACKTRACE`, and has it.
    package static func disableCrashReports() {
        guard unsafe getenv("SWIFT_BACKTRACE") == nil else { return }
        for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { _ = signal(number, SIG_DFL) }
    }

    /// Has large blocks of memory come from the system one by one, and go back to it when they are freed.
    ///
    /// The C library does so at first, and stops after the first such block that is freed (mallopt(3),
    /// `M_MMAP_THRESHOLD`). From then on they are cut out of the same heap as everything else, each thread's own, and small
    /// blocks that are made meanwhile keep what they leave from being used again: memory then grows for days.
    package static func returnLargeBlocks() { _ = clinux_set_mmap_threshold(256 * 1024) }

    /// Writing to a pipe or socket without a reader is an error of that call, and not the end of the process.
    package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

    /// The number of processors this process may run on, at least 1.
    package static var processorCount: Int { max(Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))), 1) }
}
