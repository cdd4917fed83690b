#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
        mutating func cutOff() -> CutOffRecord {
            let number = int64()
            let id = id()
            let workspace = self.id()
            let tenant = Tenant(workspace: workspace, environment: DeploymentEnvironment(code: int64()))
            let target = CutOffRow.decode(kind: int64(), target: bytes())
            if target == nil { markDamaged() }
            return CutOffRecord(
                number: number,
                id: id,
                tenant: tenant,
                target: target ?? .workspace,
                createdAt: time(),
                forgetAt: time()
            )
        }
    }
#endif
