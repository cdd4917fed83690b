#if SQLite || Postgres
    internal import Platform

    extension StoredRow where Self: ~Copyable {
        /// Reads a version; `tenant` is the one whose rows were asked for, nil for the deployment's alone.
        mutating func policyVersion(_ tenant: Tenant?) -> PolicyVersion {
            let owner = int64() == PolicyRow.deploymentTenant ? nil : tenant
            let place = PolicyRow.decode(kind: int64(), subject: bytes(), tenant: owner)
            if place == nil { markDamaged() }
            return PolicyVersion(
                id: id(),
                place: place ?? .deployment,
                version: int64(),
                document: optionalBytes(),
                standing: optionalBytes(),
                standingVersion: int64(),
                createdAt: time(),
                createdBy: text()
            )
        }
    }
#endif
