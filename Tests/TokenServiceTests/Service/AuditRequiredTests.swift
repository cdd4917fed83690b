#if SQLite
    import HTTPServer
    import InviteStore
    import Platform
    import StrictJSON
    import TestSupport
    import Testing

    @testable import TokenService

    @Suite("Without its audit event nothing is done")
    struct AuditRequiredTests {
        /// Operations by the route that they call, for every route that changes something.
        static let operations: [String: [Operation]] = [
            "POST /v1/invites": [.createInvite, .createInviteIdempotently], "POST /v1/invites/batch": [.batch],
            "DELETE /v1/invites/{id}": [.deleteInvite], "POST /v1/participant-tokens": [.participantToken],
            "POST /v1/revocations": [.revoke, .revokeInvite, .revokeWorkspace], "POST /v1/api-keys": [.createKey],
            "DELETE /v1/api-keys/{id}": [.deleteKey, .deleteFamily],
            "POST /v1/widget/sessions": [.redeem, .redeemFromPage], "POST /v1/widget/session/renew": [.renew],
            "DELETE /v1/widget/session": [.end],
        ]

        /// Routes that look like changes and are none.
        static let questions: Set<String> = ["POST /v1/tokens/verify", "POST /v1/tokens/introspect"]

        @Test("Every route that is no question stands in the table")
        func complete() async throws {
            for route in try await ServiceHarness().application.table.routes where route.method != .get {
                let name = route.method.name + " " + route.template
                #expect(Self.operations[name] != nil || Self.questions.contains(name), "\(name)")
            }
        }

        @Test("S65: where the trail can not be written the answer is 503, and no other row has changed")
        func nothingDone() async throws {
            for (route, operations) in Self.operations.sorted(by: { $0.key < $1.key }) {
                for operation in operations {
                    let folder = TemporaryFolder()
                    let stage = try await StoreFailureTests.stage(directory: folder.path)
                    // The minute's one event of a successful authentication is behind us then.
                    #expect(await stage.service.admin(.get, "/v1/invites").status == 200)
                    let file = SQLFile(directory: folder.path)
                    try file.run(
                        """
                        CREATE TRIGGER no_audit BEFORE INSERT ON audit_events
                        BEGIN SELECT RAISE(ABORT, 'the trail can not be written'); END
                        """
                    )
                    let before = try Self.rows(file)
                    let answer = await operation.send(stage.service, stage.session, stage.key, stage.unused)
                    #expect(answer.status == 503, "\(route), \(operation): \(answer.text)")
                    #expect(try Self.rows(file) == before, "\(route), \(operation)")
                    try file.run("DROP TRIGGER no_audit")
                    let again = await operation.send(stage.service, stage.session, stage.key, stage.unused)
                    #expect((200..<300).contains(again.status), "\(route), \(operation): \(again.text)")
                    await stage.service.store.close()
                }
            }
        }

        /// A number for everything that a command can change.
        private static func rows(_ file: SQLFile) throws -> [Int] {
            try [
                "SELECT count(*) FROM audit_events", "SELECT count(*) + total(uses) FROM invites",
                "SELECT count(revoked_at) FROM invites", "SELECT count(*) + count(ended_at) FROM sessions",
                "SELECT count(*) FROM redemptions", "SELECT count(*) FROM cut_offs",
                "SELECT count(*) FROM ended_sessions", "SELECT count(*) FROM idempotency",
                "SELECT count(*) + count(revoked_at) FROM api_keys",
                "SELECT value FROM meta WHERE name = 'last_cut_off'",
            ].map { try file.number($0) }
        }

        @Test("Revoking a family touches one row, however many invites it has", arguments: [1, 1_000])
        func constantRows(size: Int) async throws {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#
            let body = #"{"invites":[\#(Array(repeating: item, count: size).joined(separator: ","))]}"#
            #expect(await service.admin(.post, "/v1/invites/batch", body: body).status == 200)
            let key = TypeID.text(.apiKey, service.setup.apiKey)
            #expect(await service.admin(.post, "/v1/revocations", body: #"{"api_key_id":"\#(key)"}"#).status == 201)
            let file = SQLFile(directory: folder.path)
            #expect(try file.number("SELECT count(*) FROM invites") == size)
            #expect(try file.number("SELECT count(revoked_at) FROM invites") == 0)
            #expect(try file.number("SELECT count(*) FROM cut_offs") == 1)
            let listed = await service.admin(.get, "/v1/invites?status=pending")
            #expect(listed.json?["data"]?.count == 0)
            await service.store.close()
        }

        @Test("S65: no address, metadata, origin or client address stands in any event")
        func noPersonalData() async throws {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            let more = #","metadata":{"ref":"Ada Lovelace"},"allowed_origins":["https://ada.example.org"]"#
            let minted = await service.mint(email: "Ada@Example.com", more: more)
            let origin = [("Origin", "https://ada.example.org")]
            let nonce = #","holder_nonce":"abcdefghijklmnopqrstuvwx""#
            let opened = await service.redeem(try #require(minted["invite_token"]), more: nonce, fields: origin)
            #expect(opened.status == 201, "\(opened.text)")
            let body = #"{"participant_email":"ada@example.com"}"#
            #expect(await service.admin(.post, "/v1/revocations", body: body).status == 201)
            for _ in 0..<(2 * ServiceLimits.failureBurst) {
                let address = try #require(IPAddress(parsing: "203.0.113.77"))
                _ = await service.send(.get, "/v1/invites", key: "wrong", from: address)
            }
            await Upkeep(services: service.services).round()
            let file = SQLFile(directory: folder.path)
            #expect(try file.number("SELECT count(*) FROM audit_events WHERE type LIKE 'alert.%'") == 1)
            for word in ["ada@", "ada.", "lovelace", "example.", "203.0", "abcdefghijklmn", "ts_test_", "eyJhbGci"] {
                let query = """
                    SELECT count(*) FROM audit_events WHERE
                    instr(lower(actor || '|' || target || '|' || request_id || '|' || CAST(detail AS TEXT)),
                    lower('\(word)')) > 0
                    """
                #expect(try file.number(query) == 0, "\(word)")
            }
            await service.store.close()
        }
    }
#endif
