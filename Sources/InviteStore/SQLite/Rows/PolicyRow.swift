#if SQLite
    internal import Platform

    /// The columns of `policies` and `policy_versions`, in the order that is bound and read.
    enum PolicyRow {
        static let columns =
            "tenant, kind, subject, id, version, document, standing, standing_version, created_at, created_by"

        /// The tenant column of the deployment's own.
        static let deploymentTenant: Int64 = -1

        /// Inserts or replaces; bind the version that must stand there as the last parameter.
        static let upsert = """
            INSERT INTO policies (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, kind, subject) DO UPDATE SET id = excluded.id, version = excluded.version,
            document = excluded.document, standing = excluded.standing, standing_version = excluded.standing_version,
            created_at = excluded.created_at, created_by = excluded.created_by WHERE policies.version = ?
            """
        static let insertVersion = "INSERT INTO policy_versions (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        /// Gives what stands for one API key to another; bind the other, the tenant and the one.
        static func copy(into table: String) -> String {
            """
            INSERT INTO \(table) (\(columns)) SELECT tenant, kind, ?, id, version, document, standing,
            standing_version, created_at, created_by FROM policies
            WHERE tenant = ? AND kind = 3 AND subject = ? AND document IS NOT NULL
            """
        }
        static let selectNewest = "SELECT \(columns) FROM policies WHERE tenant = ? AND kind = ? AND subject = ?"
        static let selectStanding =
            "SELECT \(columns) FROM policies WHERE tenant IN (?, -1) AND document IS NOT NULL ORDER BY id LIMIT ?"
        static let selectVersions = """
            SELECT \(columns) FROM policy_versions WHERE tenant = ? AND kind = ? AND subject = ? AND id < ?
            ORDER BY version DESC LIMIT ?
            """

        static func bind(_ version: PolicyVersion, tenant: Int64, to binder: inout Binder) {
            let (kind, subject) = encode(version.place)
            binder.add(tenant)
            binder.add(kind)
            binder.add(subject)
            binder.add(version.id)
            binder.add(version.version)
            binder.add(version.document)
            binder.add(version.standing)
            binder.add(version.standingVersion)
            binder.add(version.createdAt)
            binder.add(version.createdBy)
        }

        static func bind(_ place: PolicyPlace, tenant: Int64, to binder: inout Binder) {
            let (kind, subject) = encode(place)
            binder.add(tenant)
            binder.add(kind)
            binder.add(subject)
        }

        private static func encode(_ place: PolicyPlace) -> (kind: Int64, subject: [UInt8]) {
            switch place {
            case .deployment: (0, [])
            case .workspace: (1, [])
            case .campaign(_, let name): (2, Array(name.utf8))
            case .apiKey(_, let id): (3, id.bytes)
            }
        }

        static func decode(kind: Int64, subject: [UInt8], tenant: Tenant?) -> PolicyPlace? {
            switch (kind, tenant) {
            case (0, nil): .deployment
            case (1, let tenant?): .workspace(tenant)
            case (2, let tenant?): .campaign(tenant, String(decoding: subject, as: UTF8.self))
            case (3, let tenant?): RecordID(bytes: subject).map { .apiKey(tenant, $0) }
            default: nil
            }
        }
    }

    extension Row {
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
