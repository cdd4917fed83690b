#if SQLite
    internal import Platform

    /// The end of the writer's audit chain: where the next link goes, and what it is tied to.
    struct AuditChain {
        /// One writer, one chain.
        static let number: Int64 = 1

        private let insert: Statement
        private var sequence: Int64 = 0
        private var mac = [UInt8](repeating: 0, count: 32)
        /// Position of the last event; 0 before the first.
        var lastSequence: Int64 { sequence }

        /// The time of the last event.
        private(set) var lastAt: UnixTime?

        init(_ connection: Connection) throws(SQLiteFailure) {
            insert = try connection.statement(AuditRow.insert)
            let last = try connection.statement(
                "SELECT \(AuditRow.columns) FROM audit_events WHERE chain = ? ORDER BY sequence DESC LIMIT 1"
            ).first {
                $0.add(Self.number)
            } _: { row in
                row.auditRecord()
            }
            if let last {
                sequence = last.sequence
                mac = last.mac
                lastAt = last.draft.at
            }
        }

        /// Links an event to the chain and stores it; returns its position.
        mutating func append(_ draft: AuditDraft, _ sealer: any AuditSealer) throws(SQLiteFailure) -> Int64 {
            let next = sequence + 1
            let canonical = AuditRecord.canonicalBytes(
                previous: mac,
                chain: Self.number,
                sequence: next,
                draft: draft
            )
            let link = sealer.seal(canonical)
            try insert.run { AuditRow.bind(draft, chain: Self.number, sequence: next, mac: link, to: &$0) }
            sequence = next
            mac = link
            return next
        }
    }

    extension Writer {
        /// Stores audit events in the command's transaction.
        func append(_ drafts: [AuditDraft]) throws(SQLiteFailure) {
            for draft in drafts {
                let sequence = try state.chain.append(draft, sealer)
                guard let tenant = draft.tenant, let number = try number(of: tenant) else { continue }
                state.lookup.add(LookupEntry(tenant: number, event: draft.id, sequence: sequence))
            }
        }

        func appendAudit(_ drafts: [AuditDraft], now: UnixTime) throws(SQLiteFailure) {
            try admit(now)
            try append(drafts)
        }
    }
#endif
