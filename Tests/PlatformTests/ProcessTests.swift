import Glibc
import Platform
import Telemetry
import Testing

@Suite("Processes and threads")
struct ProcessTests {
    @Test("A signal is taken as a value, and does not end the process")
    func signals() async {
        await #expect(processExitsWith: .success) {
            let waiter = try SignalWaiter()
            guard waiter.wait(timeoutMilliseconds: 1) == nil else { throw SystemError(call: "wait", code: 0) }
            for signal in SignalWaiter.Signal.allCases {
                _ = raise(signal.number)
                guard waiter.wait(timeoutMilliseconds: 5000) == signal else { throw SystemError(call: "wait", code: 1) }
            }
        }
    }

    @Test("Core dumps are switched off, and the descriptor limit goes up")
    func limits() async {
        await #expect(processExitsWith: .success) {
            Platform.disableCoreDumps()
            guard Platform.setDescriptorLimit(100), Platform.raiseDescriptorLimit() > 100 else {
                throw SystemError(call: "setrlimit", code: 0)
            }
        }
    }

    @Test("Large blocks go back to the system when they are freed, whatever lies behind them")
    func largeBlocks() async {
        await #expect(processExitsWith: .success) {
            Platform.returnLargeBlocks()
            let (held, left, size) = try Self.pagesOfABlock()
            guard held >= size, left < size / 2 else { throw SystemError(call: "free", code: CInt(left)) }
        }
    }

    /// The pages resident while a large block is in use, after it was freed with a small one behind it, and its own.
    ///
    /// The block is not the first: that one goes back in any case.
    private static func pagesOfABlock() throws -> (held: Int, left: Int, size: Int) {
        let size = 4 << 20
        unsafe free(malloc(size))
        _ = try residentPages()
        let before = try residentPages()
        guard let block = unsafe malloc(size) else { throw SystemError(call: "malloc", code: ENOMEM) }
        unsafe memset(block, 1, size)
        let behind = unsafe malloc(64 << 10)
        let held = try residentPages() - before
        unsafe free(block)
        let left = try residentPages() - before
        unsafe free(behind)
        return (held, left, size / Int(sysconf(CInt(_SC_PAGESIZE))))
    }

    private static func residentPages() throws -> Int {
        let file = FileDescriptor(owning: unsafe open("/proc/self/statm", O_RDONLY))
        var text = [UInt8](repeating: 0, count: 128)
        let count = unsafe read(file.rawValue, &text, text.count)
        let words = text.prefix(max(0, count)).split(separator: UInt8(ascii: " "))
        guard words.count > 1, let pages = Int(String(decoding: words[1], as: UTF8.self)) else {
            throw SystemError(call: "statm", code: 0)
        }
        return pages
    }

    #if DEBUG
        @Test("A descriptor that somebody else has closed already stops a debug build at once")
        func closedTwice() async {
            await #expect(processExitsWith: .failure) {
                let owned = FileDescriptor(owning: dup(STDERR_FILENO))
                // A second owner of the same number, and with it a second close.
                _ = FileDescriptor(owning: owned.rawValue)
            }
        }
    #endif

    @Test("A descriptor is closed once, at the end of its owner")
    func closedOnce() async {
        // In a process of its own, where nobody else takes the number meanwhile.
        await #expect(processExitsWith: .success) {
            var raw: CInt = -1
            do {
                let owned = FileDescriptor(owning: dup(STDERR_FILENO))
                raw = owned.rawValue
                guard dup2(owned.rawValue, owned.rawValue) == raw else { throw SystemError(call: "dup2", code: errno) }
            }
            guard dup2(raw, raw) < 0, errno == EBADF else { throw SystemError(call: "close", code: 0) }
        }
    }

    @Test("A thread runs and is joined")
    func thread() throws {
        let counter = Counter()
        let thread = try Thread(name: "a name that is far too long") { counter.increment() }
        thread.join()
        #expect(counter.value == 1)
    }
}
