#if Postgres
    internal import Platform

    extension PostgresInviteStore: RateShares {
        package var rateShares: (any RateShares)? { self }

        package func lease(_ ask: RateAsk) async throws(StoreError) -> RateShare {
            // Windows are told apart by this machine's clock, so it has to be right.
            if isClockOff { throw .clockBehind }
            let result: Result<RateShare, StoreError> = unsafe await withUnsafeContinuation { continuation in
                let job = unsafe PostgresLeaseJob(
                    ask,
                    submittedAt: connector.time.monotonicNow(),
                    continuation: continuation
                )
                if let refusal = leases.submit(job) { job.answer(failure: refusal) }
            }
            return try result.get()
        }
    }
#endif
