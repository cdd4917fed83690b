import HTTPServer
import InviteStore
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Origins of a workspace")
struct WorkspaceOriginTests {
    private static let app = "https://app.example.com"
    private static let jobs = "https://jobs.example.com"
    private static let other = "https://other.example.com"

    /// A service whose first workspace has this list.
    private static func service(_ origins: [String]) async throws -> (ServiceHarness, MadeKey) {
        let service = try await ServiceHarness()
        let platform = try await service.platformKey()
        try await set(origins, service, platform)
        return (service, platform)
    }

    private static func set(_ origins: [String], _ service: ServiceHarness, _ platform: MadeKey) async throws {
        let list = origins.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = await service.send(
            .patch,
            "/v1/workspaces/\(service.firstWorkspace)",
            body: #"{"settings":{"allowed_origins":[\#(list)]}}"#,
            key: platform.secret
        )
        #expect(answer.status == 200, "\(answer.text)")
    }

    private static func list(_ origins: [String]) -> String {
        #","allowed_origins":[\#(origins.map { "\"\($0)\"" }.joined(separator: ","))]"#
    }

    @Test(
        "What is minted under lists that do not meet is refused, and so is an origin that a list above does not hold",
        arguments: [([app], [], [app, jobs]), ([app], [], [jobs]), ([app], [jobs], [])]
            as [([String], [String], [String])]
    )
    func refused(workspace: [String], key: [String], invite: [String]) async throws {
        let (service, _) = try await Self.service(workspace)
        let made = await service.makeKey(scopes: ["invites:write"], more: Self.list(key))
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"\#(invite.isEmpty ? "" : Self.list(invite))}"#
        let minted = await service.send(.post, "/v1/invites", body: body, key: made["secret"])
        #expect(minted.status == 422 && minted.code == "policy_violation", "\(minted.text)")
    }

    @Test(
        "Where the workspace, the key and the invite have lists, all must allow the page",
        arguments: [
            ([app, jobs], [], [], [app, jobs]), ([app, jobs], [], [app], [app]),
            ([app, jobs], [app, other], [], [app]), ([], [app], [], [app]), ([], [], [jobs], [jobs]),
        ] as [([String], [String], [String], [String])]
    )
    func joined(workspace: [String], key: [String], invite: [String], allowed: [String]) async throws {
        let (service, _) = try await Self.service(workspace)
        let made = await service.makeKey(scopes: ["invites:write", "tokens:write"], more: Self.list(key))
        let secret = try #require(made["secret"])
        let body = #"{"campaign_id":"c","participant_email":"a@b.example"\#(invite.isEmpty ? "" : Self.list(invite))}"#
        for page in [Self.app, Self.jobs, Self.other] {
            let fields = [("Origin", page)]
            let minted = await service.send(.post, "/v1/invites", body: body, key: secret)
            let token = try #require(minted["invite_token"], "\(minted.text)")
            let opened = await service.redeem(token, fields: fields)
            #expect(opened.status == (allowed.contains(page) ? 201 : 403), "\(page): \(opened.text)")
            // Opened without a page, the session still remembers who may use its tokens.
            let native = await service.redeem(
                try #require(await service.send(.post, "/v1/invites", body: body, key: secret)["invite_token"])
            )
            let participant = try #require(native["participant_token"], "\(native.text)")
            let read = await service.send(.get, "/v1/widget/session", fields: fields, token: participant)
            #expect(read.status == (allowed.contains(page) ? 200 : 403), "\(page): \(read.text)")
            #expect(await service.send(.get, "/v1/widget/session", token: participant).status == 200)
            guard invite.isEmpty else { continue }
            let session = await service.send(
                .post,
                "/v1/participant-tokens",
                body: #"{"campaign_id":"c","participant_email":"a@b.example"}"#,
                key: secret
            )
            let backend = try #require(session["participant_token"], "\(session.text)")
            let used = await service.send(.get, "/v1/widget/session", fields: fields, token: backend)
            #expect(used.status == (allowed.contains(page) ? 200 : 403), "\(page): \(used.text)")
        }
    }

    @Test("A list that the workspace sets counts from its answer on, for invites that exist, and leaves sessions alone")
    func later() async throws {
        let (service, platform) = try await Self.service([])
        let before = try await service.openSession(fields: [("Origin", Self.other)])
        let invite = try #require(await service.mint()["invite_token"])
        try await Self.set([Self.app], service, platform)
        let refused = await service.redeem(invite, fields: [("Origin", Self.other)])
        #expect(refused.status == 403 && refused.code == "origin_not_allowed", "\(refused.text)")
        #expect(await service.redeem(invite, fields: [("Origin", Self.app)]).status == 201)
        let fields = [("Origin", Self.other)]
        let read = await service.send(.get, "/v1/widget/session", fields: fields, token: before.participant)
        #expect(read.status == 200, "\(read.text)")
    }

    @Test("Validation asks the store for nothing, list or no list")
    func noLookUp() async throws {
        let (service, _) = try await Self.service([Self.app])
        let session = try await service.openSession(fields: [("Origin", Self.app)])
        service.faults.arm(nil)
        let fields = [("Origin", Self.app)]
        #expect(
            await service.send(.get, "/v1/widget/session", fields: fields, token: session.participant).status == 200
        )
        #expect(service.faults.calls.isEmpty)
    }
}
