#if SQLite || Postgres
    internal import Platform

    extension ForwardingStore {
        package func member(_ name: MemberName) async throws(StoreError) -> MemberRecord? {
            try await read { reader throws(Reader.Failure) in try reader.member(name) }
        }

        package func members(
            of workspace: RecordID?,
            page: PageRequest
        ) async throws(StoreError) -> Page<MemberRecord> {
            try await read { reader throws(Reader.Failure) in try reader.members(of: workspace, page: page) }
        }

        package func createMember(
            _ command: CreateMember
        ) async throws(StoreError) -> Idempotent<CreateMemberOutcome> {
            try await write(command.claim) { writer throws(Writer.Failure) in try writer.createMember(command) }
        }

        package func changeMember(_ command: ChangeMember) async throws(StoreError) -> ChangeMemberOutcome {
            try await write { writer throws(Writer.Failure) in try writer.changeMember(command) }
        }

        package func memberSession(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
            try await read { reader throws(Reader.Failure) in try reader.memberSession(digest: digest) }
        }

        package func openMemberSession(_ command: OpenMemberSession) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in try writer.openMemberSession(command) }
        }

        package func changeMemberSession(
            digest: [UInt8],
            _ change: MemberSessionChange,
            now: UnixTime
        ) async throws(StoreError) -> Bool {
            try await write { writer throws(Writer.Failure) in
                try writer.changeMemberSession(digest, change, now: now)
            }
        }
    }
#endif
