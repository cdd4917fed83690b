#if SQLite
    internal import Platform

    extension Reader {
        func sessions(of tenant: Tenant, page: PageRequest) throws(SQLiteFailure) -> Page<SessionRecord> {
            guard let number = try number(of: tenant) else { return Page(records: [], next: nil) }
            let found = try statements.sessionsPage.all {
                $0.add(number)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.session(tenant)
            }
            return Page(found.map { cutOffs.applied(to: $0) }, of: page, id: \.id)
        }

        func policy(at place: PolicyPlace) throws(SQLiteFailure) -> PolicyVersion? {
            guard let tenant = try policyTenant(place) else { return nil }
            return try statements.policy.first {
                PolicyRow.bind(place, tenant: tenant, to: &$0)
            } _: { row in
                row.policyVersion(place.tenant)
            }
        }

        func policies(of tenant: Tenant, limit: Int) throws(SQLiteFailure) -> [PolicyVersion] {
            let number = try number(of: tenant) ?? PolicyRow.deploymentTenant
            return try statements.policies.all {
                $0.add(number)
                $0.add(max(0, limit))
            } _: { row in
                row.policyVersion(tenant)
            }
        }

        func policyVersions(at place: PolicyPlace, page: PageRequest) throws(SQLiteFailure) -> Page<PolicyVersion> {
            guard let tenant = try policyTenant(place) else { return Page(records: [], next: nil) }
            let found = try statements.policyVersions.all {
                PolicyRow.bind(place, tenant: tenant, to: &$0)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            } _: { row in
                row.policyVersion(place.tenant)
            }
            return Page(found, of: page, id: \.id)
        }

        private func policyTenant(_ place: PolicyPlace) throws(SQLiteFailure) -> Int64? {
            guard let tenant = place.tenant else { return PolicyRow.deploymentTenant }
            return try number(of: tenant)
        }
    }
#endif
