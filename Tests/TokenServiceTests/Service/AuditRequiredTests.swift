#if SQLite
    import HTTPServer
    import InviteStore
    import Platform
    import StrictJSON
    import Synchronization
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
        static let questions: Set<String> = [
            "POST /v1/tokens/verify", "POST /v1/tokens/introspect", "POST /v1/api-keys/verify",
            "POST /v1/policies/simulate",
        ]

        /// A change of keys, workspaces or policies: the request, and what must have been asked before it.
        struct Change: Sendable {
            var before: [@Sendable (ChangeStage) async -> Answer] = []
            let send: @Sendable (ChangeStage) async -> Answer

            /// The same change, after others.
            func after(_ changes: Change...) -> Change { Change(before: changes.map(\.send), send: send) }
        }

        /// The browser in which the stage's member signed in.
        final class StageBrowser: Sendable {
            private let browser = Mutex<ConsoleBrowser?>(nil)

            func open(_ service: ServiceHarness) async -> Answer {
                let answer = await service.signIn()
                let cookie = answer.response.field("Set-Cookie").map { String($0.prefix { $0 != ";" }) } ?? ""
                let opened = ConsoleBrowser(member: "", cookie: cookie, csrf: answer["csrf_token"] ?? "")
                browser.withLock { $0 = opened }
                return answer
            }

            var value: ConsoleBrowser? { browser.withLock { $0 } }
        }

        /// What a change is made on.
        struct ChangeStage: Sendable {
            let service: ServiceHarness
            let platform: String
            /// The id and the secret of an ordinary key.
            let key: (id: String, secret: String)
            let browser = StageBrowser()

            func memberID() async -> String {
                let list = await service.asOperator(.get, "/v1/members")
                return list.json?["data"]?.elements.first?["id"]?.string ?? ""
            }
            let webhook: MadeWebhook

            func admin(_ method: HTTPMethod, _ path: String, _ body: String? = nil) async -> Answer {
                await service.admin(method, path, body: body)
            }
        }

        private static let createMember = Change {
            let role = #"{"workspace_id":"\#($0.service.firstWorkspace)","role":"security"}"#
            let body = #"{"email":"grace@acme.example","password":"\#(ServiceHarness.password)","roles":[\#(role)]}"#
            return await $0.service.asOperator(.post, "/v1/members", body: body)
        }
        private static let setPolicy = Change { await $0.admin(.put, "/v1/policies", #"{"max_uses_max":5}"#) }
        private static let setCampaign = Change {
            await $0.admin(.put, "/v1/campaigns/c/policy", #"{"max_uses_max":4}"#)
        }
        private static let setKey = Change {
            await $0.admin(.put, "/v1/api-keys/\($0.key.id)/policy", #"{"max_uses_max":3}"#)
        }
        private static let suspend = Change { await $0.admin(.post, "/v1/api-keys/\($0.key.id)/suspend") }

        private static func webhook(_ method: HTTPMethod, _ path: String, _ body: String? = nil) -> Change {
            Change { await $0.admin(method, $0.webhook.path + path, body) }
        }

        static let changes: [String: Change] = [
            "POST /v1/webhooks": Change {
                await $0.admin(.post, "/v1/webhooks", #"{"url":"https://b.example/","events":["*"]}"#)
            },
            "PATCH /v1/webhooks/{id}": webhook(.patch, "", #"{"events":["*"]}"#),
            "DELETE /v1/webhooks/{id}": webhook(.delete, ""),
            "POST /v1/webhooks/{id}/rotate-secret": webhook(.post, "/rotate-secret"),
            "POST /v1/webhooks/{id}/test": webhook(.post, "/test"),
            "POST /v1/webhooks/{id}/deliveries/{event_id}/redeliver": Change { stage in
                let event = await stage.service.deliveries(stage.webhook).first?["event_id"]?.string ?? ""
                return await stage.admin(.post, stage.webhook.path + "/deliveries/\(event)/redeliver")
            }.after(
                Change { stage in
                    _ = await stage.service.mint()
                    let worker = WebhookWorker(services: stage.service.services, transport: FakeReceiver())
                    await stage.service.settle(worker)
                    return await stage.admin(.get, stage.webhook.path)
                }
            ),
            "PATCH /v1/api-keys/{id}": Change {
                await $0.admin(.patch, "/v1/api-keys/\($0.key.id)", #"{"name":"another name"}"#)
            },
            "POST /v1/api-keys/{id}/rotate": Change { await $0.admin(.post, "/v1/api-keys/\($0.key.id)/rotate", "{}") },
            "POST /v1/api-keys/{id}/suspend": suspend,
            "POST /v1/api-keys/{id}/resume": Change {
                await $0.admin(.post, "/v1/api-keys/\($0.key.id)/resume")
            }.after(suspend),
            "POST /v1/api-keys/self-revoke": Change {
                await $0.service.send(.post, "/v1/api-keys/self-revoke", body: #"{"key":"\#($0.key.secret)"}"#)
            },
            "POST /v1/workspaces": Change {
                await $0.service.send(
                    .post,
                    "/v1/workspaces",
                    body: #"{"name":"W","slug":"another"}"#,
                    key: $0.platform
                )
            },
            "PATCH /v1/workspaces/{id}": Change {
                await $0.service.send(
                    .patch,
                    "/v1/workspaces/\($0.service.firstWorkspace)",
                    body: #"{"settings":{"custom_resources":["jobs"]}}"#,
                    key: $0.platform
                )
            },
            "POST /v1/members": createMember,
            "PATCH /v1/members/{id}": Change {
                await $0.service.changeMember(await $0.memberID(), #"{"disabled":true}"#)
            }.after(createMember),
            "POST /v1/console/sessions": Change { await $0.service.signIn() }.after(createMember),
            "DELETE /v1/console/sessions": Change {
                guard let browser = $0.browser.value else { return await $0.service.signIn() }
                return await $0.service.send(.delete, "/v1/console/sessions", fields: browser.changing)
            }.after(createMember, Change { await $0.browser.open($0.service) }),
            "PUT /v1/policies": setPolicy,
            "PUT /v1/campaigns/{id}/policy": setCampaign,
            "DELETE /v1/campaigns/{id}/policy": Change { await $0.admin(.delete, "/v1/campaigns/c/policy") }
                .after(setCampaign),
            "PUT /v1/api-keys/{id}/policy": setKey,
            "DELETE /v1/api-keys/{id}/policy": Change {
                await $0.admin(.delete, "/v1/api-keys/\($0.key.id)/policy")
            }.after(setKey),
            "POST /v1/policies/revert": Change { await $0.admin(.post, "/v1/policies/revert", #"{"version":1}"#) }
                .after(
                    setPolicy,
                    Change { await $0.admin(.put, "/v1/policies", #"{"max_uses_max":2}"#) }
                ),
        ]

        @Test(
            "S65: a key, a workspace, a member or a policy whose event can not be written stays as it was",
            arguments: changes.keys.sorted()
        )
        func nothingChanged(route: String) async throws {
            let change = try #require(Self.changes[route])
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            let made = await service.makeKey(scopes: ["invites:write"])
            let stage = ChangeStage(
                service: service,
                platform: try await service.platformKey().secret,
                key: (try #require(made["id"]), try #require(made["secret"])),
                webhook: try await service.makeWebhook("a.example")
            )
            for step in change.before { #expect((200..<300).contains(await step(stage).status)) }
            // The minute's events of successful authentications are behind us then.
            #expect(await service.send(.get, "/v1/workspaces", key: stage.platform).status == 200)
            #expect(await service.admin(.get, "/v1/invites").status == 200)
            let file = SQLFile(directory: folder.path)
            try file.run(
                """
                CREATE TRIGGER no_audit BEFORE INSERT ON audit_events
                BEGIN SELECT RAISE(ABORT, 'the trail can not be written'); END
                """
            )
            let before = try Self.terms(file)
            let refused = await change.send(stage)
            #expect(refused.status == 503, "\(refused.text)")
            #expect(try Self.terms(file) == before)
            try file.run("DROP TRIGGER no_audit")
            let done = await change.send(stage)
            #expect((200..<300).contains(done.status), "\(done.text)")
            #expect(try Self.terms(file) != before)
            await service.store.close()
        }

        /// A number for everything of keys, workspaces and policies that a change touches.
        private static func terms(_ file: SQLFile) throws -> [Int] {
            try [
                "SELECT count(*) + total(length(name)) FROM api_keys", "SELECT count(replaced_by) FROM api_keys",
                "SELECT count(suspended_at) FROM api_keys", "SELECT count(revoked_at) FROM api_keys",
                "SELECT count(*) + total(length(settings)) FROM workspaces", "SELECT count(*) FROM policy_versions",
                "SELECT count(*) + 7 * count(disabled_at) FROM members", "SELECT count(*) FROM member_sessions",
                "SELECT count(*) FROM webhooks", "SELECT total(version) FROM webhooks",
                "SELECT count(*) FROM webhook_deliveries WHERE status = 0",
            ].map { try file.number($0) }
        }

        @Test("Every route that is no question stands in the table")
        func complete() async throws {
            for route in try await ServiceHarness().application.table.routes where route.method != .get {
                let name = route.method.name + " " + route.template
                let isKnown =
                    Self.operations[name] != nil || Self.changes[name] != nil || Self.questions.contains(name)
                #expect(isKnown, "\(name)")
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

        @Test("S65: no address, metadata or client address stands in any event")
        func noPersonalData() async throws {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            let more = #","metadata":{"ref":"Ada Lovelace"},"allowed_origins":["https://jobs.example.org"]"#
            let minted = await service.mint(email: "Ada@Example.com", more: more)
            let origin = [("Origin", "https://jobs.example.org")]
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
            for word in ["ada", "lovelace", "example.com", "203.0", "abcdefghijklmn", "ts_test_", "eyJhbGci"] {
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
