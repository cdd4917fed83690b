#if SQLite
    internal import Platform

    extension CutOffRow {
        static let insert = """
            INSERT INTO cut_offs (number, id, tenant, kind, target, created_at, forget_at) VALUES (?, ?, ?, ?, ?, ?, ?)
            """

        static func bind(_ cutOff: CutOffRecord, tenant: Int64, to binder: inout Binder) {
            binder.add(cutOff.number)
            binder.add(cutOff.id)
            binder.add(tenant)
            let (kind, target) = encode(cutOff.target)
            binder.add(kind)
            binder.add(target)
            binder.add(cutOff.createdAt)
            binder.add(cutOff.forgetAt)
        }
    }
#endif
