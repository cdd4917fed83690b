import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

/// One operation of a route, and what it needs to be there before.
enum Operation: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case createInvite, createInviteIdempotently, listInvites, getInvite, deleteInvite, batch, participantToken, verify
    case introspect, revoke, revokeInvite, preview, listKeys, createKey, getKey, deleteKey, deleteFamily, audit
    case redeem, redeemFromPage, renew, end, forwardAuth, usage, keyUsage, revokeWorkspace

    var testDescription: String { rawValue }

    /// Those that change the store in more than one step, or read it after a change.
    static let inSteps: [Operation] = [.deleteFamily, .redeemFromPage]
    static let inOneStep = allCases.filter { !inSteps.contains($0) }

    private static let item = #"{"campaign_id":"c","participant_email":"a@b.example"}"#

    func send(_ service: ServiceHarness, _ session: OpenedSession, _ key: String, _ unused: String) async -> Answer {
        let once = [("Idempotency-Key", "one")]
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        switch self {
        case .createInvite: return await service.admin(.post, "/v1/invites", body: Self.item)
        case .createInviteIdempotently: return await service.admin(.post, "/v1/invites", body: Self.item, fields: once)
        case .listInvites: return await service.admin(.get, "/v1/invites")
        case .getInvite: return await service.admin(.get, "/v1/invites/" + session.inviteID)
        case .deleteInvite: return await service.admin(.delete, "/v1/invites/" + session.inviteID)
        case .batch: return await service.admin(.post, "/v1/invites/batch", body: #"{"invites":[\#(Self.item)]}"#)
        case .participantToken: return await service.admin(.post, "/v1/participant-tokens", body: Self.item)
        case .verify:
            return await service.admin(.post, "/v1/tokens/verify", body: #"{"token":"\#(unused)"}"#)
        case .introspect:
            return await service.admin(.post, "/v1/tokens/introspect", body: "token=" + unused, fields: form)
        case .revoke: return await service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"c"}"#)
        case .revokeInvite:
            return await service.admin(.post, "/v1/revocations", body: #"{"invite_id":"\#(session.inviteID)"}"#)
        case .preview:
            return await service.admin(.post, "/v1/revocations?preview=true", body: #"{"campaign_id":"c"}"#)
        case .revokeWorkspace:
            let id = TypeID.text(.workspace, service.setup.workspace)
            return await service.admin(.post, "/v1/revocations", body: #"{"workspace_id":"\#(id)"}"#)
        case .usage: return await service.admin(.get, "/v1/usage")
        case .keyUsage: return await service.admin(.get, "/v1/api-keys/\(key)/usage")
        case .listKeys: return await service.admin(.get, "/v1/api-keys")
        case .createKey:
            return await service.admin(.post, "/v1/api-keys", body: #"{"name":"n","scopes":["invites:read"]}"#)
        case .getKey: return await service.admin(.get, "/v1/api-keys/" + key)
        case .deleteKey: return await service.admin(.delete, "/v1/api-keys/" + key)
        case .deleteFamily: return await service.admin(.delete, "/v1/api-keys/\(key)?family=true")
        case .audit: return await service.admin(.get, "/v1/audit-events")
        case .redeem: return await service.redeem(unused)
        case .redeemFromPage: return await service.redeem(unused, fields: [("Origin", "https://app.example.com")])
        case .renew: return await service.send(.post, "/v1/widget/session/renew", token: session.participant)
        case .end: return await service.send(.delete, "/v1/widget/session", token: session.participant)
        case .forwardAuth:
            return await service.send(.get, "/v1/forward-auth?campaign_id=camp_456abc", token: session.participant)
        }
    }
}

/// Everything that an operation could have changed.
private struct Snapshot: Equatable {
    var invites: [InviteRecord]
    var keys: [APIKeyRecord]
    var events: Int
    var lastCutOff: Int64
    var sessions: CutOffCoverage
    var ended: [EndedSession]

    init(_ service: ServiceHarness) async throws {
        let tenant = Tenant(workspace: service.setup.workspace, environment: service.setup.environment)
        let now = service.time.now()
        let page = PageRequest(limit: 100)
        invites = try await service.store.invites(of: tenant, filter: InviteFilter(), page: page, now: now).records
        keys = try await service.store.apiKeys(of: tenant, page: page).records
        events = try await service.events().count
        lastCutOff = try await service.store.lastCutOffNumber()
        sessions = try await service.store.coverage(of: .workspace, in: tenant, now: now, rowsMax: 1000)
        ended = try await service.store.endedSessions(now: now, limit: 1000)
    }
}

@Suite("A failing store")
struct StoreFailureTests {
    static let errors: [StoreError] = [
        .unavailable("disk full at /var/lib"), .overloaded, .deadlineExceeded, .clockBehind, .corrupt("row 7"),
    ]

    struct Stage {
        let service: ServiceHarness
        let session: OpenedSession
        let key: String
        let unused: String
    }

    static func stage(directory: String? = nil) async throws -> Stage {
        let service = try await ServiceHarness(directory: directory)
        let session = try await service.openSession(more: #","max_uses":2"#)
        let key = try #require(await service.makeKey(scopes: ["invites:read"])["id"])
        let unused = try #require(
            await service.mint(more: #","allowed_origins":["https://app.example.com"]"#)["invite_token"]
        )
        // The first look-up of the key is part of what may fail.
        service.application.services.directory.invalidate(service.setup.apiKey)
        service.faults.arm(nil)
        return Stage(service: service, session: session, key: key, unused: unused)
    }

    @Test("Whichever call fails, the answer is 503, and nothing is half done", arguments: Operation.inOneStep)
    func everyCall(operation: Operation) async throws {
        try await Self.failEveryCall(of: operation)
    }

    /// Runs the operation once for each call that it makes to the store, with that call failing.
    static func failEveryCall(of operation: Operation) async throws {
        let stage = try await Self.stage()
        let good = await operation.send(stage.service, stage.session, stage.key, stage.unused)
        #expect((200..<300).contains(good.status), "\(good.text)")
        let calls = stage.service.faults.calls
        #expect(!calls.isEmpty)
        for (index, call) in calls.enumerated() {
            let stage = try await Self.stage()
            let before = try await Snapshot(stage.service)
            let error = Self.errors[index % Self.errors.count]
            stage.service.faults.arm(index + 1, error: error)
            let answer = await operation.send(stage.service, stage.session, stage.key, stage.unused)
            #expect(answer.status == 503, "\(call), call \(index + 1): \(answer.text)")
            let code = answer.code ?? answer["error"]
            #expect(code == "unavailable" || code == "temporarily_unavailable", "\(call)")
            #expect(answer.response.field("Retry-After") != nil, "\(call)")
            for detail in ["disk", "/var", "row 7", "clock", "store"] {
                #expect(!answer.text.contains(detail), "\(call): \(answer.text)")
            }
            stage.service.faults.arm(nil)
            #expect(try await Snapshot(stage.service) == before, "\(call), call \(index + 1)")
            let again = await operation.send(stage.service, stage.session, stage.key, stage.unused)
            #expect(again.status == good.status, "after \(call): \(again.text)")
        }
    }

    @Test("An unknown key is not refused but unknowable while the store fails")
    func coldKey() async throws {
        let stage = try await Self.stage()
        stage.service.faults.arm(name: "apiKey")
        let answer = await stage.service.admin(.get, "/v1/invites")
        #expect(answer.status == 503)
        #expect(answer.response.field("Retry-After") != nil)
    }

    @Test("Validation goes on without a store, and fails closed on what is already revoked")
    func readsGoOn() async throws {
        let stage = try await Self.stage()
        let other = try await stage.service.openSession()
        #expect(await stage.service.admin(.delete, "/v1/invites/" + other.inviteID).status == 204)
        await stage.service.store.close()
        let good = await stage.service.send(.get, "/v1/widget/session", token: stage.session.participant)
        #expect(good.status == 200)
        let dead = await stage.service.send(.get, "/v1/widget/session", token: other.participant)
        #expect(dead.code == "token_revoked")
        #expect(await stage.service.send(.get, "/readyz").status == 503)
        #expect(await stage.service.send(.get, "/livez").status == 200)
        #expect(await stage.service.mint().status == 503)
        #expect(await stage.service.redeem(stage.unused).status == 503)
    }

    @Test("A refusal stands when its event can not be stored")
    func refusalWithoutAudit() async throws {
        let service = try await ServiceHarness()
        service.faults.arm(name: "appendAudit")
        let answer = await service.admin(.get, "/v1/invites", fields: [("Origin", "https://app.example.com")])
        #expect(answer.status == 403)
        #expect(answer.code == "key_in_browser")
    }
}
