#if Postgres
    internal import Platform

    extension PostgresReader {
        private static let isPlace = "tenant = $1 AND kind = $2 AND subject = $3"

        func policy(at place: PolicyPlace) throws(PostgresFailure) -> PolicyVersion? {
            guard let tenant = try policyTenant(place) else { return nil }
            let (kind, subject) = PolicyRow.encode(place)
            return try run("SELECT \(PolicyRow.columns) FROM policies WHERE \(Self.isPlace)") {
                $0.add(tenant)
                $0.add(kind)
                $0.add(subject)
            }.first { $0.policyVersion(place.tenant) }
        }

        func policies(of tenant: Tenant, limit: Int) throws(PostgresFailure) -> [PolicyVersion] {
            let number = try number(of: tenant) ?? PolicyRow.deploymentTenant
            return try run(
                """
                SELECT \(PolicyRow.columns) FROM policies WHERE tenant IN ($1, -1) AND document IS NOT NULL
                ORDER BY id LIMIT $2
                """
            ) {
                $0.add(number)
                $0.add(max(0, limit))
            }.all { $0.policyVersion(tenant) }
        }

        func policyVersions(at place: PolicyPlace, page: PageRequest) throws(PostgresFailure) -> Page<PolicyVersion> {
            guard let tenant = try policyTenant(place) else { return Page(records: [], next: nil) }
            let (kind, subject) = PolicyRow.encode(place)
            let found = try run(
                """
                SELECT \(PolicyRow.columns) FROM policy_versions WHERE \(Self.isPlace) AND id < $4
                ORDER BY version DESC LIMIT $5
                """
            ) {
                $0.add(tenant)
                $0.add(kind)
                $0.add(subject)
                $0.add(page.before ?? .highest)
                $0.add(page.boundedLimit + 1)
            }.all { $0.policyVersion(place.tenant) }
            return Page(found, of: page, id: \.id)
        }

        private func policyTenant(_ place: PolicyPlace) throws(PostgresFailure) -> Int64? {
            guard let tenant = place.tenant else { return PolicyRow.deploymentTenant }
            return try number(of: tenant)
        }

        // MARK: Revocation

        func cutOffs(after number: Int64, now: UnixTime, limit: Int) throws(PostgresFailure) -> [CutOffRecord] {
            try run(CutOffRow.select + " WHERE c.number > $1 AND c.forget_at > $2 ORDER BY c.number LIMIT $3") {
                $0.add(number)
                $0.add(now)
                $0.add(max(0, limit))
            }.all { $0.cutOff() }
        }

        func lastCutOffNumber() throws(PostgresFailure) -> Int64 {
            let found = try run("SELECT value FROM meta WHERE name = 'last_cut_off'").first { $0.int64() }
            guard let found else { throw .damaged("a row of meta is missing") }
            return found
        }

        func newestInstant() throws(PostgresFailure) -> UnixTime {
            let found = try run("SELECT value FROM meta WHERE name = 'newest_instant'").first { $0.time() }
            guard let found else { throw .damaged("a row of meta is missing") }
            return found
        }

        func endedSessions(
            after last: EndedSession?,
            now: UnixTime,
            limit: Int
        ) throws(PostgresFailure) -> [EndedSession] {
            let place = EndedSession.place(after: last, now: now)
            return try run(
                """
                SELECT session, forget_at FROM ended_sessions WHERE (forget_at, session) > ($1, $2)
                ORDER BY forget_at, session LIMIT $3
                """
            ) {
                $0.add(place.forgetAt)
                $0.add(place.session)
                $0.add(max(0, limit))
            }.all { EndedSession(session: $0.id(), forgetAt: $0.time()) }
        }
    }
#endif
