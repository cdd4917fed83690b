import Synchronization

/// A count and an end that tasks share.
final class AsyncFlag: Sendable {
    private let state = Mutex((total: 0, isOver: false))

    func count() { state.withLock { $0.total += 1 } }
    func end() { state.withLock { $0.isOver = true } }

    var total: Int { state.withLock { $0.total } }
    var isOver: Bool { state.withLock { $0.isOver } }
}
