#if SQLite
    internal import Platform

    extension PolicyRow {
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
    }
#endif
