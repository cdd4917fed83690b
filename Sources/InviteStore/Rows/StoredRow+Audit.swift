#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
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

        mutating func auditCheckpoint() -> AuditCheckpoint {
            AuditCheckpoint(chain: int64(), sequence: int64(), mac: bytes(), at: time(), seal: bytes())
        }
    }
#endif
