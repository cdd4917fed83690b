#if SQLite
    internal import CSQLite

    /// Why a piece of work inside the SQLite store stopped.
    ///
    /// Texts come from SQLite and name statements and columns, never bound values.
    enum SQLiteFailure: StoreFailure {
        /// SQLite said no; `code` is the extended result code. The transaction must be rolled back.
        case statement(code: CInt, text: String)
        /// The command was turned down before it wrote anything; the transaction may go on.
        case refused(StoreError)

        /// A stored value can not be what the store wrote. The transaction must be rolled back.
        case damaged(String)

        var refusal: StoreError? { if case .refused(let error) = self { error } else { nil } }

        /// The primary result code; 0 where SQLite itself had nothing to say.
        var primaryCode: CInt {
            switch self {
            case .statement(let code, _): code & 0xFF
            case .refused, .damaged: SQLITE_OK
            }
        }

        /// True where the disk or the memory failed, so that trying the same work again at once is pointless.
        var isEnvironmental: Bool {
            switch primaryCode {
            case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM: true
            default: false
            }
        }

        /// The same in the words of the contract.
        var storeError: StoreError {
            switch self {
            case .refused(let error): error
            case .damaged(let what): .corrupt(what)
            case .statement(let code, let text):
                switch code & 0xFF {
                case SQLITE_INTERRUPT: .deadlineExceeded
                case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt(text)
                case SQLITE_FULL: .unavailable("the disk or the data base's page limit is full: \(text)")
                default: .unavailable("SQLite error \(code): \(text)")
                }
            }
        }
    }
#endif
