#if SQLite
    /// One sorted run of look-up entries: pages with consecutive numbers, each full but the last, never changed.
    struct LookupEpoch: Equatable, Sendable {
        enum State: Int64 {
            /// Being merged together; not searched. Dead after a restart.
            case building = 0
            case live = 1
            /// Merged away; its pages are being removed.
            case dead = 2
        }

        /// Runs never have more pages than this: 2 thousand million entries.
        static let pagesMax: Int64 = 1 << 24

        var number: Int64
        var family: LookupFamily
        /// How often its entries were merged: a run of level n is about 8 to the power of n buffers long.
        var level: Int64
        var pages: Int64
        /// The newest id's time in milliseconds.
        var newest: Int64
        var state: State

        /// Row number of a page.
        func row(_ page: Int64) -> Int64 { number * Self.pagesMax + page }
    }

    extension Row {
        mutating func epoch() -> LookupEpoch {
            let number = int64()
            let family = LookupFamily(rawValue: int64())
            let level = int64()
            let pages = int64()
            let newest = int64()
            let state = LookupEpoch.State(rawValue: int64())
            if family == nil || state == nil || number < 0 || number >= .max / LookupEpoch.pagesMax { markDamaged() }
            return LookupEpoch(
                number: isDamaged ? 0 : number,
                family: family ?? .invites,
                level: level,
                pages: pages,
                newest: newest,
                state: state ?? .dead
            )
        }

        mutating func entries() -> [LookupEntry] {
            unsafe withBytes { bytes in unsafe LookupCodec.decode(bytes) }
        }
    }
#endif
