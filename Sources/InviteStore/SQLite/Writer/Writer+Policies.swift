#if SQLite
    internal import Platform

    extension Writer {
        func changePolicy(_ command: ChangePolicy) throws(SQLiteFailure) -> ChangePolicyOutcome {
            try admit(command.now)
            let version = command.version
            let tenant = try policyTenant(version.place)
            guard try isActive(command.by, at: command.now) else { return .keyNotActive }
            let newest = try policies.hasDocument.first {
                PolicyRow.bind(version.place, tenant: tenant, to: &$0)
            } _: { row in
                (version: row.int64(), hasDocument: row.int64() == 1)
            }
            guard version.version == (newest?.version ?? 0) + 1 else { return .conflict }
            if version.document != nil, newest?.hasDocument != true {
                let count = try policies.countStanding.first({ $0.add(tenant) }, { row in row.int() }) ?? 0
                guard count < command.policiesMax else { return .tooManyPolicies }
            }
            // Compares and sets: the row must still be the one that the change is based on.
            let written = try policies.upsert.run {
                PolicyRow.bind(version, tenant: tenant, to: &$0)
                $0.add(version.version - 1)
            }
            guard written == 1 else { throw .damaged("a policy changed inside a transaction") }
            try policies.insertVersion.run { PolicyRow.bind(version, tenant: tenant, to: &$0) }
            try policies.forgetVersions.run {
                PolicyRow.bind(version.place, tenant: tenant, to: &$0)
                $0.add(version.version - StoreRules.policyVersionsKept)
            }
            if version.document == nil { try forgetOldestRemoved(tenant, version.place.tenant) }
            try append(command.audit)
            return .changed
        }

        private func policyTenant(_ place: PolicyPlace) throws(SQLiteFailure) -> Int64 {
            guard let tenant = place.tenant else { return PolicyRow.deploymentTenant }
            guard let number = try number(of: tenant) else { throw .refused(.notInitialised) }
            return number
        }

        /// Keeps the places without a policy within their bound.
        private func forgetOldestRemoved(_ number: Int64, _ tenant: Tenant?) throws(SQLiteFailure) {
            let count = try policies.countRemoved.first({ $0.add(number) }, { row in row.int() }) ?? 0
            guard count > StoreRules.removedPoliciesKept,
                let oldest = try policies.oldestRemoved.first(
                    { $0.add(number) },
                    { row in row.policyVersion(tenant) }
                )
            else { return }
            try policies.forgetPlace.run { PolicyRow.bind(oldest.place, tenant: number, to: &$0) }
            try policies.forgetVersionsOfPlace.run { PolicyRow.bind(oldest.place, tenant: number, to: &$0) }
        }
    }
#endif
