#if SQLite
    internal import Platform

    extension Writer {
        /// What was done under the claim before; nil where the effect is still to be done.
        func earlier<Value>(_ claim: IdempotencyClaim?, now: UnixTime) throws(SQLiteFailure) -> Idempotent<Value>? {
            guard let claim else { return nil }
            let stored = try upkeep.claim.first {
                $0.add(claim.scope)
                $0.add(now)
            } _: { row in
                (request: row.bytes(), result: row.bytes())
            }
            guard let stored else { return nil }
            return stored.request == claim.request ? .replay(result: stored.result) : .mismatch
        }

        /// Records the claim with its effect: the INSERT, which gives way to no live claim, has the last word.
        func record(_ claim: IdempotencyClaim?, now: UnixTime) throws(SQLiteFailure) {
            guard let claim else { return }
            let recorded = try upkeep.recordClaim.run {
                $0.add(claim.scope)
                $0.add(claim.request)
                $0.add(claim.result)
                $0.add(claim.expiresAt)
                $0.add(now)
            }
            guard recorded == 1 else { throw .damaged("an idempotency record appeared inside a transaction") }
        }
    }
#endif
