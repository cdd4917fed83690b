#if SQLite
    import InviteStore
    import Platform
    import Testing
    import TestSupport

    @Suite("Schema versions of the SQLite store")
    struct MigrationTests {
        private static let step = "CREATE TABLE later (id INTEGER PRIMARY KEY); INSERT INTO later VALUES (1);"

        private func open(_ directory: TemporaryFolder, _ steps: [String] = []) throws -> SQLiteInviteStore {
            try Fixture.sqlite(directory) { $0.schemaSteps += steps }
        }

        /// A directory that the released schema wrote, with one invite in it.
        private func written() async throws -> (directory: TemporaryFolder, invite: InviteRecord) {
            let directory = TemporaryFolder()
            let fixture = try await Fixture.make(try open(directory), directory)
            let invite = try await fixture.mint(fixture.invite())[0]
            await fixture.store.close()
            return (directory, invite)
        }

        @Test("A data base of an older version is brought forward with all that is in it")
        func migrates() async throws {
            let (directory, invite) = try await written()
            let steps = [Self.step, "ALTER TABLE later ADD COLUMN note TEXT"]
            let fixture = try await Fixture.make(try open(directory, steps), directory, initialised: false)
            #expect(try await fixture.store.invite(invite.id, of: fixture.tenant) == invite)
            _ = try await fixture.open(invite)
            await fixture.store.close()
            // A step that ran does not run again: the table exists already.
            await (try open(directory, steps)).close()
        }

        @Test("A data base of a newer version is refused, with both versions named")
        func refusesNewer() async throws {
            let (directory, _) = try await written()
            await (try open(directory, [Self.step])).close()
            let supported = SQLiteStoreOptions().schemaSteps.count
            #expect(throws: StoreError.newerSchema(found: supported + 1, supported: supported)) {
                _ = try open(directory)
            }
        }

        @Test("A step that fails leaves the version before it, whole")
        func rollsBack() async throws {
            let (directory, invite) = try await written()
            #expect(throws: StoreError.self) { _ = try open(directory, [Self.step + "SELECT * FROM nowhere;"]) }
            let fixture = try await Fixture.make(try open(directory), directory, initialised: false)
            #expect(try await fixture.store.invite(invite.id, of: fixture.tenant) == invite)
            await fixture.store.close()
            await (try open(directory, [Self.step])).close()
        }
    }
#endif
