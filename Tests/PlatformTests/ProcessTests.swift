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

    @Test("A thread runs and is joined")
    func thread() throws {
        let counter = Counter()
        let thread = try Thread(name: "a name that is far too long") { counter.increment() }
        thread.join()
        #expect(counter.value == 1)
    }
}
