import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Commits that nobody heard of, and changes in several steps")
struct PartialFailureTests {
    @Test("Whichever call fails, the answer is 503, and nothing is half done", arguments: Operation.inSteps)
    func everyCall(operation: Operation) async throws {
        try await StoreFailureTests.failEveryCall(of: operation)
    }

    @Test("A revocation whose commit is unknown and did happen holds in this process too")
    func unknownRevocation() async throws {
        let stage = try await StoreFailureTests.stage()
        stage.service.faults.arm(name: "createCutOff", error: .unknownOutcome("lost"), moment: .after)
        let answer = await stage.service.admin(.post, "/v1/revocations", body: #"{"campaign_id":"camp_456abc"}"#)
        #expect(answer.status == 503)
        #expect(try await stage.service.store.lastCutOffNumber() == 1)
        let read = await stage.service.send(.get, "/v1/widget/session", token: stage.session.participant)
        #expect(read.status == 410, "the store has the cut-off, and the view does not: \(read.text)")
    }

    @Test("A key whose revocation was committed without an answer is not served from the cache")
    func unknownKeyRevocation() async throws {
        let service = try await ServiceHarness()
        let made = await service.makeKey(scopes: ["invites:read"])
        let secret = try #require(made["secret"])
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 200)
        service.faults.arm(name: "changeAPIKey", error: .unknownOutcome("lost"), moment: .after)
        #expect(await service.admin(.delete, "/v1/api-keys/\(try #require(made["id"]))").status == 503)
        service.faults.arm(nil)
        #expect(await service.send(.get, "/v1/invites", key: secret).status == 401)
    }

    @Test("A session whose end was committed without an answer is dead here too")
    func unknownEnd() async throws {
        let stage = try await StoreFailureTests.stage()
        stage.service.faults.arm(name: "endSession", error: .unknownOutcome("lost"), moment: .after)
        let token = stage.session.participant
        #expect(await stage.service.send(.delete, "/v1/widget/session", token: token).status == 503)
        let read = await stage.service.send(.get, "/v1/widget/session", token: token)
        #expect(read.status == 410, "\(read.text)")
    }

    @Test("An answer about an unknown commit does not claim that nothing was done")
    func honesty() async throws {
        let service = try await ServiceHarness()
        service.faults.arm(name: "createInvites", error: .unknownOutcome("lost"), moment: .after)
        let answer = await service.mint()
        #expect(answer.status == 503)
        let message = answer.json?["error"]?["message"]?.string ?? ""
        #expect(!message.contains("did nothing"), "\(message)")
    }

    @Test("While revocations may be missing here, no token is called good on any route")
    func staleView() async throws {
        let stage = try await StoreFailureTests.stage()
        let service = stage.service
        let token = stage.session.participant
        let body = #"{"token":"\#(token)"}"#
        let form = [("Content-Type", "application/x-www-form-urlencoded")]
        func statuses() async -> [Int] {
            [
                await service.send(.get, "/v1/widget/session", token: token).status,
                await service.admin(.post, "/v1/tokens/verify", body: body).status,
                await service.admin(.post, "/v1/tokens/introspect", body: "token=" + token, fields: form).status,
            ]
        }
        let view = service.application.services.revocations
        view.markStale()
        #expect(await statuses() == [503, 503, 503])
        view.clearStale(view.staleMark)
        #expect(await statuses() == [200, 200, 200])
    }
}
