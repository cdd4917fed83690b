#if SQLite
    internal import Synchronization

    /// Whether writing works, as the writer last found it.
    final class StoreHealth: Sendable {
        enum State: Sendable, Equatable {
            case ready
            /// The last transaction failed; the writer tries again by itself every second.
            case failing(String)
            /// Writing is over until the process starts anew.
            case failed(String)
            case closed
        }

        private let state = Mutex(State.ready)

        var current: State { state.withLock { $0 } }

        /// Takes note of a change; what is over stays over.
        func set(_ new: State) {
            state.withLock { state in
                switch state {
                case .ready, .failing: state = new
                case .failed, .closed: break
                }
            }
        }
    }
#endif
