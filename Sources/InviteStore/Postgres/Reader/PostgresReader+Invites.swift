#if Postgres
    internal import Platform

    extension PostgresReader {
        func invite(_ id: RecordID, of tenant: Tenant) throws(PostgresFailure) -> InviteRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try storedInvite(id, number, tenant).map { cutOffs.shared.applied(to: $0.record) }
        }

        private func storedInvite(
            _ id: RecordID,
            _ number: Int64,
            _ tenant: Tenant
        ) throws(PostgresFailure) -> StoredInvite? {
            try runCaughtUp("SELECT \(InviteRow.columns) FROM invites WHERE tenant = $1 AND id = $2") {
                $0.add(number)
                $0.add(id)
            }.first { $0.storedInvite(tenant) }
        }

        func invites(
            of tenant: Tenant,
            filter: InviteFilter,
            page: PageRequest,
            now: UnixTime
        ) throws(PostgresFailure) -> Page<InviteRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            return try self.page(page) { before, rows throws(PostgresFailure) in
                try invites(number, tenant, filter, before: before, rows: rows).map { stored in
                    let invite = cutOffs.shared.applied(to: stored)
                    return (invite.id, filter.matches(invite, now: now) ? invite : nil)
                }
            }
        }

        /// Invites newest first, those of the filter's address or else of its campaign.
        private func invites(
            _ number: Int64,
            _ tenant: Tenant,
            _ filter: InviteFilter,
            before: RecordID,
            rows: Int
        ) throws(PostgresFailure) -> [InviteRecord] {
            let which =
                filter.addressIndex != nil
                ? "AND address_index = $4" : filter.campaign != nil ? "AND campaign = $4" : ""
            return try runCaughtUp(
                """
                SELECT \(InviteRow.columns) FROM invites WHERE tenant = $1 AND id < $2 \(which)
                ORDER BY id DESC LIMIT $3
                """
            ) {
                $0.add(number)
                $0.add(before)
                $0.add(rows)
                if let address = filter.addressIndex {
                    $0.add(address)
                } else if let campaign = filter.campaign {
                    $0.add(campaign)
                }
            }.all { $0.invite(tenant) }
        }

        func session(_ id: RecordID, of tenant: Tenant) throws(PostgresFailure) -> SessionRecord? {
            guard let number = try number(of: tenant) else { return nil }
            let found = try runCaughtUp("SELECT \(SessionRow.columns) FROM sessions WHERE tenant = $1 AND id = $2") {
                $0.add(number)
                $0.add(id)
            }.first { $0.session(tenant) }
            return found.map { cutOffs.shared.applied(to: $0) }
        }

        func sessions(of tenant: Tenant, page: PageRequest) throws(PostgresFailure) -> Page<SessionRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try sessions(number, tenant, before: page.before ?? .highest, rows: page.boundedLimit + 1)
            return Page(found.map { cutOffs.shared.applied(to: $0) }, of: page, id: \.id)
        }

        private func sessions(
            _ number: Int64,
            _ tenant: Tenant,
            before: RecordID,
            rows: Int
        ) throws(PostgresFailure) -> [SessionRecord] {
            try runCaughtUp(
                """
                SELECT \(SessionRow.columns) FROM sessions WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3
                """
            ) {
                $0.add(number)
                $0.add(before)
                $0.add(rows)
            }.all { $0.session(tenant) }
        }

        // MARK: What a cut-off would end

        /// Counts newest first: what can still be used is young, so a bound cuts off what matters least.
        func coverage(
            of target: CutOffTarget,
            in tenant: Tenant,
            now: UnixTime,
            rowsMax: Int
        ) throws(PostgresFailure) -> CutOffCoverage {
            let bound = max(0, min(rowsMax, .max - 1))
            var count = CoverageCount(target: target, now: now, cutOffs: cutOffs.shared, bound: bound)
            guard let number = try number(of: tenant) else { return count.coverage }
            switch target {
            case .token(let id): _ = try countInvite(id, number, tenant, &count)
            case .invite(let id):
                if try countInvite(id, number, tenant, &count) { try walkSessions(number, tenant, &count) }
            case .session(let id):
                if let session = try session(id, of: tenant) { _ = count.add(session) }
            case .campaign(let campaign):
                try walkInvites(number, tenant, InviteFilter(campaign: campaign), &count)
                try walkSessions(number, tenant, &count)
            case .participant, .apiKey, .workspace:
                try walkInvites(number, tenant, InviteFilter(), &count)
                try walkSessions(number, tenant, &count)
            }
            return count.coverage
        }

        /// Counts one invite and, where it opens one session at most, that one; true where it may have more.
        private func countInvite(
            _ id: RecordID,
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(PostgresFailure) -> Bool {
            guard let found = try storedInvite(id, number, tenant) else { return false }
            _ = count.add(found.record)
            guard found.record.maxUses == 1 else { return true }
            guard found.record.uses > 0, let session = try session(found.lastSession, of: tenant) else { return false }
            _ = count.add(session)
            return false
        }

        private static let walkedRows = 1_000

        private func walkInvites(
            _ number: Int64,
            _ tenant: Tenant,
            _ filter: InviteFilter,
            _ count: inout CoverageCount
        ) throws(PostgresFailure) {
            var before = RecordID.highest
            while true {
                let rows = min(Self.walkedRows, count.bound - count.examined + 1)
                let part = try invites(number, tenant, filter, before: before, rows: rows)
                for invite in part { guard count.add(invite) else { return } }
                guard let last = part.last, part.count == rows else { return }
                before = last.id
            }
        }

        private func walkSessions(
            _ number: Int64,
            _ tenant: Tenant,
            _ count: inout CoverageCount
        ) throws(PostgresFailure) {
            var before = RecordID.highest
            while true {
                let rows = min(Self.walkedRows, count.bound - count.examined + 1)
                let part = try sessions(number, tenant, before: before, rows: rows)
                for session in part { guard count.add(session) else { return } }
                guard let last = part.last, part.count == rows else { return }
                before = last.id
            }
        }
    }
#endif
