#if Postgres
    internal import Synchronization

    /// Whether the data base can be worked with, as the connections of this store last found it.
    ///
    /// There are two ways to fail. A connection that was lost is made good by the next one. A statement that the server
    /// refuses for its own sake, while connections live, is made good by a probe that writes: that one can be read, and
    /// another table be written, says nothing.
    final class PostgresHealth: Sendable {
        private struct State {
            var isClosed = false
            var isConnected = true
            /// How many statements the server refused for its own sake, and how many of these were before the last probe
            /// that succeeded.
            var refused = 0
            var proved = 0
        }

        private let state = Mutex(State())
        private let serverEra = Atomic(0)

        /// Rises when the server that connections lead to is not the right one any more: those made in an earlier era are
        /// to be left.
        var era: Int { serverEra.load(ordering: .acquiring) }

        var isReady: Bool { state.withLock { !$0.isClosed && $0.isConnected && $0.refused == $0.proved } }

        /// True after a refusal that no probe has made good.
        var needsProbe: Bool { state.withLock { $0.refused > $0.proved } }

        /// The refusals so far; to be read before a probe begins, and given to ``proved(_:)``.
        var mark: Int { state.withLock { $0.refused } }

        /// Takes note of why a statement failed, on any connection.
        func note(_ failure: PostgresFailure) {
            if failure.isReadOnly { serverEra.add(1, ordering: .acquiringAndReleasing) }
            if failure.isServersOwn { state.withLock { $0.refused += 1 } }
        }

        /// A probe succeeded that began when this was the mark.
        func proved(_ mark: Int) { state.withLock { $0.proved = max($0.proved, mark) } }

        /// Says whether the writer has a connection.
        func setConnected(_ isConnected: Bool) { state.withLock { $0.isConnected = isConnected } }

        func close() { state.withLock { $0.isClosed = true } }
    }
#endif
