#if Postgres
    internal import Platform

    extension PostgresWriter {
        func changePolicy(_ command: ChangePolicy) throws(PostgresFailure) -> ChangePolicyOutcome {
            try admit(command.now)
            let version = command.version
            let tenant = try lockedPolicyTenant(version.place)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let (kind, subject) = PolicyRow.encode(version.place)
            func place(_ parameters: inout PostgresParameters) {
                parameters.add(tenant)
                parameters.add(kind)
                parameters.add(subject)
            }
            let isPlace = "tenant = $1 AND kind = $2 AND subject = $3"
            let newest = try run(
                "SELECT version, (document IS NOT NULL)::int::bigint FROM policies WHERE \(isPlace)",
                place
            ).first { (version: $0.int64(), hasDocument: $0.int64() == 1) }
            guard version.version == (newest?.version ?? 0) + 1 else { return .conflict }
            if version.document != nil, newest?.hasDocument != true {
                let count =
                    try run("SELECT count(*) FROM policies WHERE tenant = $1 AND document IS NOT NULL") {
                        $0.add(tenant)
                    }.first { $0.int() } ?? 0
                guard count < command.policiesMax else { return .tooManyPolicies }
            }
            // Compares and sets: the row must still be the one that the change is based on.
            let values = "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            let written = try write(
                """
                INSERT INTO policies (\(PolicyRow.columns)) \(values)
                ON CONFLICT (tenant, kind, subject) DO UPDATE SET id = excluded.id, version = excluded.version,
                document = excluded.document, standing = excluded.standing,
                standing_version = excluded.standing_version, created_at = excluded.created_at,
                created_by = excluded.created_by WHERE policies.version = $11
                """
            ) {
                Self.bind(version, tenant, &$0)
                $0.add(version.version - 1)
            }
            guard written == 1 else { throw .overtaken }
            try write("INSERT INTO policy_versions (\(PolicyRow.columns)) \(values)") {
                Self.bind(version, tenant, &$0)
            }
            try write("DELETE FROM policy_versions WHERE \(isPlace) AND version <= $4") {
                place(&$0)
                $0.add(version.version - StoreRules.policyVersionsKept)
            }
            if version.document == nil { try forgetOldestRemoved(tenant) }
            note(.policy, version.place.tenant?.fullBytes ?? [])
            append(command.audit)
            return .changed
        }

        private static func bind(_ version: PolicyVersion, _ tenant: Int64, _ parameters: inout PostgresParameters) {
            let (kind, subject) = PolicyRow.encode(version.place)
            parameters.add(tenant)
            parameters.add(kind)
            parameters.add(subject)
            parameters.add(version.id)
            parameters.add(version.version)
            parameters.add(version.document)
            parameters.add(version.standing)
            parameters.add(version.standingVersion)
            parameters.add(version.createdAt)
            parameters.add(version.createdBy)
        }

        /// Policies of a tenant are counted, so they change one after the other.
        private func lockedPolicyTenant(_ place: PolicyPlace) throws(PostgresFailure) -> Int64 {
            guard let tenant = place.tenant else {
                try lockWorkspace(0)
                return PolicyRow.deploymentTenant
            }
            guard let number = try lockedNumber(of: tenant) else { throw .refused(.notInitialised) }
            return number
        }

        /// Keeps the places without a policy within their bound.
        private func forgetOldestRemoved(_ tenant: Int64) throws(PostgresFailure) {
            let count =
                try run("SELECT count(*) FROM policies WHERE tenant = $1 AND document IS NULL") {
                    $0.add(tenant)
                }.first { $0.int() } ?? 0
            guard count > StoreRules.removedPoliciesKept else { return }
            try write(
                """
                WITH oldest AS (
                    DELETE FROM policies WHERE (tenant, kind, subject) IN
                    (SELECT tenant, kind, subject FROM policies WHERE tenant = $1 AND document IS NULL
                    ORDER BY id LIMIT 1) RETURNING tenant, kind, subject
                )
                DELETE FROM policy_versions AS v USING oldest AS o
                WHERE v.tenant = o.tenant AND v.kind = o.kind AND v.subject = o.subject
                """
            ) {
                $0.add(tenant)
            }
        }
    }
#endif
