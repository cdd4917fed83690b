#if Postgres
    internal import Platform

    extension PostgresReader {
        private static let select = "SELECT \(MemberRow.columns) FROM members"

        func member(_ name: MemberName) throws(PostgresFailure) -> MemberRecord? {
            let statement =
                switch name {
                case .id(let id): PostgresStatement(Self.select + " WHERE id = $1") { $0.add(id) }
                case .address(let address): PostgresStatement(Self.select + " WHERE address = $1") { $0.add(address) }
                }
            return try members(statement).first
        }

        func members(of workspace: RecordID?, page: PageRequest) throws(PostgresFailure) -> Page<MemberRecord> {
            let which =
                workspace == nil
                ? "" : "AND EXISTS (SELECT 1 FROM memberships AS s WHERE s.workspace = $3 AND s.member = members.id)"
            let found = try members(
                PostgresStatement(Self.select + " WHERE id < $1 \(which) ORDER BY id DESC LIMIT $2") {
                    $0.add(page.before ?? .highest)
                    $0.add(page.boundedLimit + 1)
                    if let workspace { $0.add(workspace) }
                }
            )
            return Page(found, of: page, id: \.id)
        }

        func memberSession(digest: [UInt8]) throws(PostgresFailure) -> SignedIn? {
            let session = try run(
                "SELECT digest, member, created_at, last_seen_at, expires_at FROM member_sessions WHERE digest = $1"
            ) {
                $0.add(digest)
            }.first { $0.memberSession() }
            // The member is read after its session, so it is at least as new.
            guard let session, let member = try member(.id(session.member)) else { return nil }
            return SignedIn(session: session, member: member)
        }

        /// Members with their memberships, both as they stood at one instant.
        private func members(_ statement: PostgresStatement) throws(PostgresFailure) -> [MemberRecord] {
            let inner = PostgresStatement(
                """
                SELECT s.member, s.workspace, s.role FROM (\(statement.sql)) AS m
                JOIN memberships AS s ON s.member = m.id ORDER BY s.member, s.workspace
                """,
                statement.parameters
            )
            let results = try snapshot([statement, inner])
            guard results.count == 2 else { throw .connection("the answers are out of step") }
            var memberships: [RecordID: [Membership]] = [:]
            for (member, membership) in try results[1].all({ ($0.id(), $0.membership()) }) {
                memberships[member, default: []].append(membership)
            }
            return try results[0].all { $0.member() }.map { member in
                var member = member
                member.memberships = memberships[member.id] ?? []
                return member
            }
        }
    }
#endif
