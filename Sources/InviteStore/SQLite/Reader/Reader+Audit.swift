#if SQLite
    internal import Platform

    extension Reader {
        func auditEvents(
            of tenant: Tenant,
            filter: AuditFilter,
            page: PageRequest
        ) throws(SQLiteFailure) -> Page<AuditRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            var builder = PageBuilder<AuditRecord>(page)
            let range = (
                LookupEntry(tenant: number, event: RecordID(high: 0, low: 0), sequence: 0),
                LookupEntry(tenant: number, event: page.before ?? .highest, sequence: 0)
            )
            try search(range, family: .audit) { entry throws(SQLiteFailure) in
                let found = try statements.auditEvent.first {
                    $0.add(AuditChain.number)
                    $0.add(entry.sequence)
                } _: { row in
                    row.auditRecord()
                }
                return builder.add(found.flatMap { filter.matches($0.draft) ? $0 : nil }, id: entry.event)
            }
            return builder.page
        }

        func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) throws(SQLiteFailure) -> [AuditRecord] {
            try statements.auditChain.all {
                $0.add(chain)
                $0.add(sequence)
                $0.add(max(0, limit))
            } _: { row in
                row.auditRecord()
            }
        }
    }
#endif
