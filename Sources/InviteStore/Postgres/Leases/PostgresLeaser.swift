#if Postgres
    internal import Platform

    /// Takes shares of limits on one connection of its own: one statement, one round trip and one commit for all that
    /// wait.
    final class PostgresLeaser: StoreContext, @unchecked Sendable {
        // Safe because: made on the leasing thread, which alone uses it.
        typealias Failure = PostgresFailure

        private struct Place: Hashable, Comparable {
            let subject: RecordID
            let start: UnixTime

            init(_ ask: RateAsk) { (subject, start) = (ask.subject, ask.window) }

            static func < (left: Place, right: Place) -> Bool {
                (left.subject, left.start) < (right.subject, right.start)
            }
        }

        let connection: PostgresConnection
        /// What the last statement got: how much of it is not handed on yet, and what all replicas have.
        private var shares: [Place: RateShare] = [:]

        init(_ connection: PostgresConnection) { self.connection = connection }

        /// Takes what all of them want, to be handed on by ``share(of:)``.
        ///
        /// The row decides: it is there once, and no statement raises it above its limit. Where none came back there
        /// was nothing left.
        func take(_ asks: [RateAsk]) throws(PostgresFailure) {
            var sums: [Place: (most: Int, wanted: Int)] = [:]
            for ask in asks {
                let sum = sums[Place(ask)] ?? (ask.limit, 0)
                let (wanted, overflow) = sum.wanted.addingReportingOverflow(max(0, ask.wanted))
                sums[Place(ask)] = (min(sum.most, ask.limit), overflow ? .max : wanted)
            }
            // In one order, since other replicas write the same rows.
            let rows = sums.sorted { $0.key < $1.key }
            shares = sums.mapValues { RateShare(granted: 0, taken: $0.most) }
            let taken = try connection.run(
                """
                INSERT INTO rate_windows AS r (subject, start, most, taken, granted)
                SELECT subject, start, most, LEAST(wanted, most), LEAST(wanted, most)
                FROM unnest($1, $2, $3, $4) AS k (subject, start, most, wanted)
                ON CONFLICT (subject, start) DO UPDATE SET most = excluded.most,
                taken = r.taken + LEAST(excluded.granted, excluded.most - r.taken),
                granted = LEAST(excluded.granted, excluded.most - r.taken)
                WHERE r.taken < excluded.most RETURNING subject, start, granted, taken
                """
            ) {
                $0.add(each: rows, \.key.subject)
                $0.add(each: rows, \.key.start)
                $0.add(each: rows, \.value.most)
                $0.add(each: rows, \.value.wanted)
            }.all {
                (subject: $0.id(), start: $0.time(), granted: $0.int(), taken: $0.int())
            }
            for row in taken {
                let ask = RateAsk(subject: row.subject, window: row.start, limit: 0, wanted: 0)
                shares[Place(ask)] = RateShare(granted: row.granted, taken: row.taken)
            }
        }

        /// Hands on what was taken for this wish.
        func share(of ask: RateAsk) -> RateShare {
            guard let all = shares[Place(ask)] else { return RateShare(granted: 0, taken: ask.limit) }
            let granted = min(all.granted, max(0, ask.wanted))
            shares[Place(ask)] = RateShare(granted: all.granted - granted, taken: all.taken)
            return RateShare(granted: granted, taken: all.taken)
        }
    }
#endif
