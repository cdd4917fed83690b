#if Postgres
    internal import Platform

    /// What works on one connection, which is made at first use and again where it was lost, with pauses that grow.
    struct PostgresLink<Context> {
        private let connector: PostgresConnector
        private let statementMilliseconds: Int
        private let make: (PostgresConnection) -> Context
        private var context: Context?
        private var era = 0
        private var pause: ReconnectPause
        private var reconnectFrom = MonotonicInstant(nanoseconds: 0)
        /// Why there is no connection, or why the last piece of work failed.
        private(set) var lastFailure = PostgresFailure.connection("not connected")

        init(
            _ connector: PostgresConnector,
            statementMilliseconds: Int,
            _ make: @escaping (PostgresConnection) -> Context
        ) {
            self.connector = connector
            self.statementMilliseconds = statementMilliseconds
            self.make = make
            pause = ReconnectPause(milliseconds: connector.options.reconnectPauseMilliseconds)
        }

        /// What is there, or is made now; nil while a pause lasts, and where connecting failed.
        ///
        /// May take as long as making a connection does, so whoever has less time looks at the clock again.
        mutating func connected() -> Context? {
            if let context, era == connector.health.era { return context }
            context = nil
            guard connector.time.monotonicNow() >= reconnectFrom else { return nil }
            do throws(PostgresFailure) {
                era = connector.health.era
                let new = make(try connector.connect(statementMilliseconds: statementMilliseconds))
                context = new
                pause.reset()
                return new
            } catch {
                lose(error)
                return nil
            }
        }

        /// Takes note of why a piece of work failed, and gives up the connection where it is of no more use.
        ///
        /// - Parameter atOnce: whether the next one may be made without a pause.
        mutating func failed(_ failure: PostgresFailure, atOnce: Bool = false) {
            lastFailure = failure
            connector.health.note(failure)
            guard failure.isDisconnected else { return }
            lose(failure)
            if atOnce { reconnectFrom = connector.time.monotonicNow() }
        }

        private mutating func lose(_ failure: PostgresFailure) {
            context = nil
            lastFailure = failure
            reconnectFrom = connector.deadline(pause.next())
        }
    }
#endif
