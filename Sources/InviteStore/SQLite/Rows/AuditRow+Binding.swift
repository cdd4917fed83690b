#if SQLite
    internal import Platform

    extension AuditRow {
        static let insert = "INSERT INTO audit_events (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

        static func bind(
            _ draft: AuditDraft,
            chain: Int64,
            sequence: Int64,
            mac: [UInt8],
            to binder: inout Binder
        ) {
            binder.add(chain)
            binder.add(sequence)
            binder.add(draft.id)
            binder.add(draft.type)
            binder.add(draft.at)
            binder.add(draft.tenant)
            binder.add(draft.actor)
            binder.add(draft.target)
            binder.add(draft.requestID)
            binder.add(draft.detail)
            binder.add(mac)
        }
    }
#endif
