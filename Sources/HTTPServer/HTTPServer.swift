package import OpenSSLKit
package import Platform
import Synchronization
package import Telemetry

/// An HTTP/1.1 server: one event loop a processor, each with its own thread and listening sockets.
///
/// Started once, then drained once; a drained server cannot be started again. The process should have no SIGPIPE
/// handler to fear: sockets never raise it.
package final class HTTPServer: Sendable {
    private struct Running {
        var executors: [LoopExecutor] = []
        var threads: ThreadList?
        var addresses: [SocketAddress] = []
    }

    private let shared: ServerShared
    private let running = Mutex(Running())

    /// A server that does not listen yet.
    ///
    /// - Parameter metrics: where the server's metrics are to appear; several servers may share one registry.
    /// - Throws: where the certificate or key cannot be used.
    package init(
        configuration: HTTPServerConfiguration,
        responder: any HTTPResponder,
        metrics: MetricsRegistry = MetricsRegistry(),
        logger: Logger? = nil
    ) throws(TLSError) {
        shared = try ServerShared(
            configuration: configuration,
            responder: responder,
            metrics: HTTPServerMetrics(registry: metrics, listener: configuration.name),
            logger: logger
        )
    }

    /// Open connections of all loops.
    package var openConnectionCount: Int { shared.openConnections.load(ordering: .relaxed) }

    /// The addresses in use, in the order of the configuration; empty before the start.
    package var boundAddresses: [SocketAddress] { running.withLock { $0.addresses } }

    /// Listens and serves; returns the bound addresses with their real ports, in the order of the configuration.
    @discardableResult
    package func start() throws(SystemError) -> [SocketAddress] {
        let loopCount = max(shared.configuration.loopCount ?? Platform.processorCount, 1)
        var addresses: [SocketAddress] = []
        var listeners = [[Listener]](repeating: [], count: loopCount)
        for wanted in shared.configuration.listeners {
            var address = wanted
            try Socket.requireUnused(address)
            for index in 0..<loopCount {
                let descriptor = try Socket.listen(
                    on: address,
                    backlog: 4096,
                    unsentBytesMax: shared.limits.unsentBytesMax
                )
                let listener = Listener(descriptor)
                // The first socket finds a free port; the others of this address share it.
                if index == 0 { address = try Socket.localAddress(of: listener.descriptor.rawValue) }
                listeners[index].append(listener)
            }
            addresses.append(address)
        }
        let threads = ThreadList()
        var executors: [LoopExecutor] = []
        for index in 0..<loopCount {
            let executor = try LoopExecutor()
            let handover = LoopHandover(
                try EventLoop(shared: shared, listeners: listeners[index], executor: executor)
            )
            try threads.add(Thread(name: "\(shared.configuration.name)-\(index)") { handover.run() })
            executors.append(executor)
        }
        running.withLock { $0 = Running(executors: executors, threads: threads, addresses: addresses) }
        return addresses
    }

    /// Reads the certificate and key files again, for new connections; those open keep theirs.
    ///
    /// - Throws: where the files are no good; the server goes on with what it has.
    package func reloadTLS() throws(TLSError) { try shared.reloadTLS() }

    /// Stops accepting, answers what has begun, and returns when all loops have ended.
    ///
    /// First the configured delay passes, during which the server goes on as before. Then what waits in the backlog is
    /// accepted and the listeners are closed. Every answer from then on ends its connection; idle connections are
    /// closed after a moment.
    ///
    /// - Parameter deadlineMilliseconds: when what is left is cut, the delay included.
    package func drain(deadlineMilliseconds: Int) async {
        await withCheckedContinuation { continuation in
            drain(deadlineMilliseconds: deadlineMilliseconds) { continuation.resume() }
        }
    }

    /// Drains like ``drain(deadlineMilliseconds:)`` and calls `completion` from a thread of its own at the end.
    ///
    /// The loops have their orders when this returns.
    package func drain(deadlineMilliseconds: Int, completion: @escaping @Sendable () -> Void) {
        let threads = orderDrain(deadlineMilliseconds: deadlineMilliseconds)
        do throws(SystemError) {
            let thread = try Thread(name: "drain") {
                threads?.joinAll()
                completion()
            }
            thread.detach()
        } catch {
            threads?.joinAll()
            completion()
        }
    }

    /// Drains and blocks the calling thread until the end; never call it from a responder.
    package func drainAndWait(deadlineMilliseconds: Int) {
        orderDrain(deadlineMilliseconds: deadlineMilliseconds)?.joinAll()
    }

    /// Tells every loop; returns the threads to be waited for.
    private func orderDrain(deadlineMilliseconds: Int) -> ThreadList? {
        let now = shared.time.monotonicNow()
        let order = LoopOrder.drain(
            acceptingUntil: now.adding(milliseconds: shared.configuration.drainDelayMilliseconds),
            deadline: now.adding(milliseconds: deadlineMilliseconds)
        )
        let (executors, threads) = running.withLock { ($0.executors, $0.threads) }
        for executor in executors { executor.send(order) }
        return threads
    }
}

/// The threads of a server, joined once.
private final class ThreadList: Sendable {
    private let handles = Mutex<[UInt]>([])
    private let isTaken = Atomic<Bool>(false)
    private let hasEnded = Latch()

    func add(_ thread: consuming Thread) {
        let handle = thread.release()
        handles.withLock { $0.append(handle) }
    }

    /// Waits for the end of all; the first caller joins them, the others wait for it.
    func joinAll() {
        if isTaken.exchange(true, ordering: .acquiringAndReleasing) {
            hasEnded.wait()
            return
        }
        for handle in handles.withLock({ $0 }) { Thread(adopting: handle).join() }
        hasEnded.open()
    }
}

/// A loop on its way to its thread.
///
/// Safe because: (1) the starting thread makes the loop and does not touch it again; (2) `run` is called once, by the
/// loop's own thread, and the start of a thread orders what came before it.
private final class LoopHandover: @unchecked Sendable {
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    func run() { loop.run() }
}
