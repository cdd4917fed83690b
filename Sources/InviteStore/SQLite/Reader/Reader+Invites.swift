#if SQLite
    internal import Platform

    extension Reader {
        func invite(_ id: RecordID, of tenant: Tenant) throws(SQLiteFailure) -> InviteRecord? {
            guard let number = try number(of: tenant) else { return nil }
            return try invite(id, number, tenant)
        }

        private func invite(_ id: RecordID, _ number: Int64, _ tenant: Tenant) throws(SQLiteFailure) -> InviteRecord? {
            let found = try statements.invite.first {
                $0.add(number)
                $0.add(id)
            } _: { row in
                row.invite(tenant)
            }
            return found.map { cutOffs.applied(to: $0) }
        }

        func invites(
            of tenant: Tenant,
            filter: InviteFilter,
            page: PageRequest,
            now: UnixTime
        ) throws(SQLiteFailure) -> Page<InviteRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            guard let range = range(of: filter, number, before: page.before) else {
                return try scannedInvites(number, tenant, filter: filter, page: page, now: now)
            }
            var builder = PageBuilder<InviteRecord>(page)
            try search(range, family: .invites) { entry throws(SQLiteFailure) in
                let found = try invite(entry.invite, number, tenant)
                return builder.add(found.flatMap { filter.matches($0, now: now) ? $0 : nil }, id: entry.invite)
            }
            return builder.page
        }

        private func scannedInvites(
            _ number: Int64,
            _ tenant: Tenant,
            filter: InviteFilter,
            page: PageRequest,
            now: UnixTime
        ) throws(SQLiteFailure) -> Page<InviteRecord> {
            var builder = PageBuilder<InviteRecord>(page)
            try statements.invites.each {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(StoreRules.examinedRowsMax + 1)
            } _: { row in
                let found = cutOffs.applied(to: row.invite(tenant))
                return builder.add(filter.matches(found, now: now) ? found : nil, id: found.id)
            }
            return builder.page
        }

        /// Where the filter's matches stand in the look-up; nil where it names nothing that is looked up.
        private func range(
            of filter: InviteFilter,
            _ number: Int64,
            before: RecordID?
        ) -> (LookupEntry, LookupEntry)? {
            let kind: LookupKind
            let digest: UInt64
            if let address = filter.addressIndex {
                kind = .address
                digest = address.high
            } else if let campaign = filter.campaign {
                kind = .campaign
                digest = LookupEntry.digest(campaign: campaign)
            } else {
                return nil
            }
            return (
                LookupEntry(tenant: number, kind: kind, digest: digest, invite: RecordID(high: 0, low: 0)),
                LookupEntry(tenant: number, kind: kind, digest: digest, invite: before ?? .highest)
            )
        }

        /// Hands out the entries of a range downwards, inside one snapshot, until `visit` returns false.
        func search(
            _ range: (lower: LookupEntry, upper: LookupEntry),
            family: LookupFamily,
            _ visit: (LookupEntry) throws(SQLiteFailure) -> Bool
        ) throws(SQLiteFailure) {
            // Before the snapshot: see LookupBuffer.
            let buffered = lookup.entries(from: range.lower, to: range.upper)
            try snapshot { () throws(SQLiteFailure) in
                let epochs = try statements.epochs.all {
                    $0.add(family.rawValue)
                } _: { row in
                    row.epoch()
                }
                var search = try LookupSearch(
                    from: range.lower,
                    to: range.upper,
                    buffered: buffered,
                    epochs: epochs,
                    readPage: statements.lookupPage
                )
                while let entry = try search.next(), try visit(entry) {}
            }
        }
    }
#endif
