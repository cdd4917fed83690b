#if SQLite || Postgres
    internal import Platform

    /// The columns of `policies` and `policy_versions`, in the order that is bound and read.
    enum PolicyRow {
        static let columns =
            "tenant, kind, subject, id, version, document, standing, standing_version, created_at, created_by"

        /// The tenant column of the deployment's own.
        static let deploymentTenant: Int64 = -1

        static func encode(_ place: PolicyPlace) -> (kind: Int64, subject: [UInt8]) {
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
#endif
