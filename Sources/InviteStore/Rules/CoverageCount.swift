#if SQLite || Postgres
    internal import Platform

    /// Counts what a cut-off would end, within a bound on the rows that are looked at.
    struct CoverageCount {
        let target: CutOffTarget
        let now: UnixTime
        let cutOffs: SharedCutOffs
        let bound: Int
        var examined = 0
        var coverage = CutOffCoverage(invites: 0, sessions: 0, isComplete: true)

        /// False, and the counts are lower bounds, where the bound was reached before this row.
        private mutating func admit() -> Bool {
            guard examined < bound else {
                coverage.isComplete = false
                return false
            }
            examined += 1
            return true
        }

        mutating func add(_ invite: InviteRecord) -> Bool {
            guard admit() else { return false }
            if target.covers(invite), cutOffs.applied(to: invite).status(at: now) == .pending { coverage.invites += 1 }
            return true
        }

        mutating func add(_ session: SessionRecord) -> Bool {
            guard admit() else { return false }
            if target.covers(session), session.renewUntil > now, cutOffs.applied(to: session).endedAt == nil {
                coverage.sessions += 1
            }
            return true
        }
    }
#endif
