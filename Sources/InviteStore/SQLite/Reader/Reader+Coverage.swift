#if SQLite
    internal import Platform

    extension Reader {
        /// Counts newest first: what can still be used is young, so a bound cuts off what matters least.
        ///
        /// One object is read by its id, the invites of a campaign through the look-up; the rest is walked through.
        func coverage(
            of target: CutOffTarget,
            in tenant: Tenant,
            now: UnixTime,
            rowsMax: Int
        ) throws(SQLiteFailure) -> CutOffCoverage {
            let bound = max(0, min(rowsMax, .max - 1))
            var count = CoverageCount(target: target, now: now, cutOffs: cutOffs, bound: bound)
            guard let number = try number(of: tenant) else { return count.coverage }
            switch target {
            case .token(let id): try countInvite(id, number, tenant, &count)
            case .invite(let id):
                if try countInvite(id, number, tenant, &count) { try walkSessions(number, tenant, &count) }
            case .session(let id):
                if let session = try session(id, of: tenant) { _ = count.add(session) }
            case .campaign(let campaign):
                try countInvites(ofCampaign: campaign, number, tenant, &count)
                try walkSessions(number, tenant, &count)
            case .participant, .apiKey, .workspace:
                try walkInvites(number, tenant, &count)
                try walkSessions(number, tenant, &count)
            }
            return count.coverage
        }

        /// Counts one invite and, where it opens one session at most, that one; true where it may have more.
        @discardableResult
        private func countInvite(
            _ id: RecordID,
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(SQLiteFailure) -> Bool {
            let found = try statements.invite.first {
                $0.add(number)
                $0.add(id)
            } _: { row in
                row.storedInvite(tenant)
            }
            guard let found else { return false }
            _ = count.add(found.record)
            guard found.record.maxUses == 1 else { return true }
            guard found.record.uses > 0, let session = try session(found.lastSession, of: tenant) else { return false }
            _ = count.add(session)
            return false
        }

        private func countInvites(
            ofCampaign campaign: String,
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(SQLiteFailure) {
            let digest = LookupEntry.digest(campaign: campaign)
            let lowest = RecordID(high: 0, low: 0)
            let range = (
                LookupEntry(tenant: number, kind: .campaign, digest: digest, invite: lowest),
                LookupEntry(tenant: number, kind: .campaign, digest: digest, invite: .highest)
            )
            try search(range, family: .invites) { entry throws(SQLiteFailure) in
                let found = try statements.invite.first {
                    $0.add(number)
                    $0.add(entry.invite)
                } _: { row in
                    row.invite(tenant)
                }
                return found.map { count.add($0) } ?? true
            }
        }

        private func walkInvites(
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(SQLiteFailure) {
            let rows = count.bound - count.examined + 1
            try statements.invites.each {
                $0.add(number)
                $0.add(.highest)
                $0.add(rows)
            } _: { row in
                count.add(row.invite(tenant))
            }
        }

        private func walkSessions(
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(SQLiteFailure) {
            let rows = count.bound - count.examined + 1
            try statements.sessions.each {
                $0.add(number)
                $0.add(rows)
            } _: { row in
                count.add(row.session(tenant))
            }
        }
    }
#endif
