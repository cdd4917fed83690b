#if SQLite
    internal import Platform

    extension Reader {
        func member(_ name: MemberName) throws(SQLiteFailure) -> MemberRecord? {
            try snapshot { () throws(SQLiteFailure) in
                switch name {
                case .id(let id): try memberOfSnapshot(members.byID) { $0.add(id) }
                case .address(let address): try memberOfSnapshot(members.byAddress) { $0.add(address) }
                }
            }
        }

        func members(of workspace: RecordID?, page: PageRequest) throws(SQLiteFailure) -> Page<MemberRecord> {
            try snapshot { () throws(SQLiteFailure) in
                let statement = workspace == nil ? members.all : members.ofWorkspace
                var found = try statement.all {
                    if let workspace { $0.add(workspace) }
                    $0.add(page.before ?? .highest)
                    $0.add(page.boundedLimit + 1)
                } _: { row in
                    row.member()
                }
                for index in found.indices { found[index].memberships = try memberships(found[index].id) }
                return Page(found, of: page, id: \.id)
            }
        }

        func memberSession(digest: [UInt8]) throws(SQLiteFailure) -> SignedIn? {
            try snapshot { () throws(SQLiteFailure) in
                guard let session = try members.session.first({ $0.add(digest) }, { row in row.memberSession() }),
                    let member = try memberOfSnapshot(members.byID, { $0.add(session.member) })
                else { return nil }
                return SignedIn(session: session, member: member)
            }
        }

        private func memberOfSnapshot(
            _ statement: Statement,
            _ bind: (inout Binder) -> Void
        ) throws(SQLiteFailure) -> MemberRecord? {
            guard var member = try statement.first(bind, { row in row.member() }) else { return nil }
            member.memberships = try memberships(member.id)
            return member
        }

        private func memberships(_ member: RecordID) throws(SQLiteFailure) -> [Membership] {
            try members.memberships.all({ $0.add(member) }, { row in row.membership() })
        }
    }

    /// The reader's statements on members.
    struct MemberReads {
        let byID: Statement
        let byAddress: Statement
        let all: Statement
        let ofWorkspace: Statement
        let memberships: Statement
        let session: Statement

        init(_ connection: Connection) throws(SQLiteFailure) {
            let select = "SELECT \(MemberRow.columns) FROM members"
            byID = try connection.statement(select + " WHERE id = ?")
            byAddress = try connection.statement(select + " WHERE address = ?")
            all = try connection.statement(select + " WHERE id < ? ORDER BY id DESC LIMIT ?")
            ofWorkspace = try connection.statement(
                select
                    + """
                     WHERE id IN (SELECT member FROM memberships WHERE workspace = ? AND member < ?
                    ORDER BY member DESC LIMIT ?) ORDER BY id DESC
                    """
            )
            memberships = try connection.statement(MemberRow.memberships)
            session = try connection.statement(MemberRow.session)
        }
    }
#endif
