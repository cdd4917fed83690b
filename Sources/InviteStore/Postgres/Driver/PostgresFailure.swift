#if Postgres
    /// Why a piece of work inside the PostgreSQL store stopped.
    ///
    /// Texts come from the server and from libpq and name statements and columns, never bound values.
    enum PostgresFailure: StoreFailure {
        /// The server said no; `code` is the SQLSTATE. The transaction must be rolled back.
        case statement(code: String, text: String)
        /// The connection could not be made, or is gone. What was not committed never will be.
        case connection(String)
        /// The server did not answer in time; the connection was given up.
        case deadline
        /// Another replica was first: what was read in this transaction does not hold any more.
        case overtaken
        /// The command was turned down before it wrote anything; the transaction may go on.
        case refused(StoreError)
        /// A stored value can not be what the store wrote. The transaction must be rolled back.
        case damaged(String)

        var refusal: StoreError? { if case .refused(let error) = self { error } else { nil } }

        /// True where the connection can not be used any more.
        var isDisconnected: Bool {
            switch self {
            case .connection, .deadline: true
            // Class 57P: the server shuts down, crashed, or ended this session (57014 is a cancelled statement). A server
            // that is read-only is not the one to talk to.
            case .statement(let code, _): code.hasPrefix("57P") || code.hasPrefix("08") || isReadOnly
            case .overtaken, .refused, .damaged: false
            }
        }

        /// True where the server takes no writes at all: another one does, or none.
        var isReadOnly: Bool { if case .statement("25006", _) = self { true } else { false } }

        /// True where the server refused for its own sake, so that other commands will fare no better: no room (53), a
        /// fault of the system (58) or of its own (XX), a right or a table that is missing, read-only.
        var isServersOwn: Bool {
            guard case .statement(let code, _) = self else { return false }
            return isReadOnly || ["42501", "42P01"].contains(code) || ["53", "58", "XX"].contains(code.prefix(2))
        }

        /// True where the same work may succeed at once, seeing what the other replica did.
        var isWorthRepeating: Bool {
            switch self {
            case .overtaken: true
            // Serialization failure, deadlock, and a unique row that another replica wrote in the meantime.
            case .statement(let code, _): ["40001", "40P01", "23505"].contains(code)
            case .connection, .deadline, .refused, .damaged: false
            }
        }

        /// The same in the words of the contract.
        var storeError: StoreError {
            switch self {
            case .refused(let error): error
            case .damaged(let what): .corrupt(what)
            case .deadline: .deadlineExceeded
            case .overtaken: .unavailable("other replicas were always first")
            case .connection(let text): .unavailable(text)
            case .statement(let code, let text):
                switch code {
                // Cancelled by statement_timeout; a lock not had in lock_timeout.
                case "57014", "55P03": .deadlineExceeded
                default: .unavailable("PostgreSQL error \(code): \(text)")
                }
            }
        }
    }
#endif
