#if SQLite
    internal import Platform

    /// The columns of `audit_events`, in the order that is bound and read.
    ///
    /// The tenant stands there in full, not as a number: the trail must make sense without the other tables.
    enum AuditRow {
        static let columns = "chain, sequence, id, type, at, tenant, actor, target, request_id, detail, mac"

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

    extension Row {
        mutating func auditRecord() -> AuditRecord {
            let chain = int64()
            let sequence = int64()
            let draft = AuditDraft(
                id: id(),
                type: text(),
                at: time(),
                tenant: auditTenant(),
                actor: text(),
                target: text(),
                requestID: text(),
                detail: bytes()
            )
            return AuditRecord(draft: draft, chain: chain, sequence: sequence, mac: bytes())
        }

        private mutating func auditTenant() -> Tenant? {
            guard let bytes = optionalBytes() else { return nil }
            guard let code = bytes.last, let workspace = RecordID(bytes: bytes.dropLast()) else {
                markDamaged()
                return nil
            }
            return Tenant(workspace: workspace, environment: DeploymentEnvironment(code: Int64(code)))
        }
    }
#endif
