import HTTPServer
import InviteStore
import StrictJSON
import TestSupport
import Testing

@testable import TokenService

@Suite("Doing something at most once")
struct IdempotencyTests {
    static let invite = #"{"campaign_id":"camp","participant_email":"user@example.com","metadata":{"a":"b"}}"#

    private static func key(_ value: String = "one") -> [(String, String)] { [("Idempotency-Key", value)] }

    /// The payload of a compact token, without its signature.
    private static func payload(_ token: String?) -> [UInt8]? {
        let parts = token?.split(separator: ".") ?? []
        return parts.count == 3 ? Base64URLText.decode(String(parts[1])) : nil
    }

    @Test("A replayed mint keeps ids and times, signs the same claims again, and mints nothing")
    func replay() async throws {
        let service = try await ServiceHarness()
        let first = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(first.status == 201)
        #expect(first.response.field("Idempotent-Replayed") == nil)
        let events = try await service.changes().count
        service.time.advance(seconds: 100)
        let again = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(again.status == 201)
        #expect(again.response.field("Idempotent-Replayed") == "true")
        #expect(again.response.field("Cache-Control") == "no-store")
        for name in ["id", "created_at", "expires_at", "campaign_id", "participant_email"] {
            #expect(again[name] == first[name], "\(name)")
        }
        #expect(again.json?["metadata"]?["a"]?.string == "b")
        #expect(first.json?["expires_in"]?.integer == 86_400)
        #expect(again.json?["expires_in"]?.integer == 86_300)
        #expect(Self.payload(first["invite_token"]) == Self.payload(again["invite_token"]))
        #expect(Self.payload(again["invite_token"]) != nil)
        #expect(try await service.changes().count == events)
        #expect(await service.redeem(try #require(again["invite_token"])).status == 201)
        #expect(await service.redeem(try #require(first["invite_token"])).code == "invite_used")
    }

    @Test("The key is read quoted or bare, and the two are one")
    func quoting() async throws {
        let service = try await ServiceHarness()
        let first = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key("\"k 1\""))
        let second = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key("k 1"))
        #expect(first["id"] != nil)
        #expect(first["id"] == second["id"])
    }

    @Test(
        "A key that can not be one is refused",
        arguments: ["", "\"\"", "\"open", String(repeating: "k", count: 256), "caf\u{e9}", "a\tb"]
    )
    func badKeys(value: String) async throws {
        let service = try await ServiceHarness()
        let answer = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key(value))
        #expect(answer.status == 400)
        #expect(answer.code == "invalid_request")
        #expect(answer.param == "Idempotency-Key")
    }

    @Test("255 characters are allowed, two keys are not")
    func bounds() async throws {
        let service = try await ServiceHarness()
        let long = Self.key(String(repeating: "k", count: 255))
        #expect(await service.admin(.post, "/v1/invites", body: Self.invite, fields: long).status == 201)
        let twice = Self.key("a") + Self.key("b")
        #expect(await service.admin(.post, "/v1/invites", body: Self.invite, fields: twice).status == 400)
    }

    @Test("The same key with another body, or another query, is a mismatch and does nothing")
    func mismatch() async throws {
        let service = try await ServiceHarness()
        _ = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        let events = try await service.changes().count
        let body = Self.invite.replacing("camp", with: "other")
        let other = await service.admin(.post, "/v1/invites", body: body, fields: Self.key())
        #expect(other.status == 422)
        #expect(other.code == "idempotency_mismatch")
        #expect(try await service.changes().count == events)
    }

    @Test("Another key, route or API key has its own record")
    func scopes() async throws {
        let service = try await ServiceHarness()
        let first = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        let made = await service.makeKey(scopes: ["invites:write", "tokens:write"])
        let secret = try #require(made["secret"])
        let second = await service.send(.post, "/v1/invites", body: Self.invite, fields: Self.key(), key: secret)
        #expect(second.status == 201)
        #expect(second["id"] != first["id"])
        let body = #"{"campaign_id":"camp","participant_email":"user@example.com"}"#
        let session = await service.send(.post, "/v1/participant-tokens", body: body, fields: Self.key(), key: secret)
        #expect(session.status == 201)
        let third = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key("two"))
        #expect(third["id"] != first["id"])
    }

    @Test("A record is kept for 24 hours")
    func expiry() async throws {
        let service = try await ServiceHarness()
        let first = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        service.time.advance(seconds: 86_399)
        let within = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(within["id"] == first["id"])
        service.time.advance(seconds: 2)
        let after = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(after.status == 201)
        #expect(after["id"] != first["id"])
    }

    @Test("A failure is not recorded: the retry tries again")
    func failures() async throws {
        let service = try await ServiceHarness()
        let bad = await service.admin(.post, "/v1/invites", body: "{}", fields: Self.key())
        #expect(bad.status == 400)
        let good = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(good.status == 201)
        #expect(good.response.field("Idempotent-Replayed") == nil)
    }

    @Test("A duplicate that arrives while the first runs gets 409, and the first is undisturbed")
    func inFlight() async throws {
        let service = try await ServiceHarness()
        let (stream, continuation) = AsyncStream.makeStream(of: Answer.self)
        service.faults.before("createInvites") {
            continuation.yield(
                await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
            )
            continuation.finish()
        }
        let first = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(first.status == 201)
        for await duplicate in stream {
            #expect(duplicate.status == 409)
            #expect(duplicate.code == "idempotency_in_progress")
        }
        let later = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(later["id"] == first["id"])
    }

    @Test("A commit that nobody heard of is found under the same key")
    func unknownCommit() async throws {
        let service = try await ServiceHarness()
        service.faults.arm(name: "createInvites", error: .unknownOutcome("lost"), moment: .after)
        let lost = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(lost.status == 503)
        service.faults.arm(nil)
        let found = await service.admin(.post, "/v1/invites", body: Self.invite, fields: Self.key())
        #expect(found.status == 201)
        #expect(found.response.field("Idempotent-Replayed") == "true")
        let list = await service.admin(.get, "/v1/invites")
        #expect(list.json?["data"]?.count == 1)
    }

    @Test("A batch stands item by item, and its replay answers the same, errors included")
    func batch() async throws {
        let service = try await ServiceHarness()
        let body =
            #"{"invites":[{"campaign_id":"a","participant_email":"a@b.example"},{"campaign_id":"a"},7,"#
            + #"{"campaign_id":"b","participant_email":"b@b.example","expires_in":5},"#
            + #"{"campaign_id":"b","participant_email":"b@b.example","max_uses":3}]}"#
        let first = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        #expect(first.status == 200, "\(first.text)")
        let results = try #require(first.json?["results"]?.elements)
        #expect(results.map { $0["invite"] != nil } == [true, false, false, false, true])
        #expect(
            results.map { $0["error"]?["code"]?.string } == [
                nil, "invalid_request", "invalid_request", "policy_violation", nil,
            ]
        )
        #expect(results[1]["error"]?["param"]?.string == "participant_email")
        #expect(results[4]["invite"]?["max_uses"]?.integer == 3)
        service.time.advance(seconds: 10)
        let again = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        #expect(again.status == 200)
        #expect(again.response.field("Idempotent-Replayed") == "true")
        let replayed = try #require(again.json?["results"]?.elements)
        #expect(replayed.count == 5)
        for (before, after) in zip(results, replayed) {
            #expect(before["invite"]?["id"]?.string == after["invite"]?["id"]?.string)
            #expect(before["invite"]?["expires_at"]?.string == after["invite"]?["expires_at"]?.string)
            #expect(
                Self.payload(before["invite"]?["invite_token"]?.string)
                    == Self.payload(after["invite"]?["invite_token"]?.string)
            )
            #expect(before["error"]?["code"]?.string == after["error"]?["code"]?.string)
            #expect(before["error"]?["param"]?.string == after["error"]?["param"]?.string)
        }
        #expect(await service.admin(.get, "/v1/invites").json?["data"]?.count == 2)
    }

    @Test("A batch of the longest errors is replayed: the good item's id, and every error word for word")
    func batchOfLongErrors() async throws {
        let service = try await ServiceHarness()
        let label = String(repeating: "a", count: 60)
        let origins = (0..<ServiceLimits.allowedOriginsMax).map { "https://n\($0).\(label).\(label).\(label).example" }
        let list = origins.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(await service.put(#"{"allowed_origins":[\#(list)]}"#).status == 200)
        func item(_ origin: String) -> String {
            #"{"campaign_id":"c","participant_email":"a@b.example","allowed_origins":["\#(origin)"]}"#
        }
        let items =
            [item(origins[0])] + repeatElement(item("https://no.example"), count: ServiceLimits.batchItemsMax - 1)
        let body = "{\"invites\":[" + items.joined(separator: ",") + "]}"
        let first = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        #expect(first.status == 200)
        service.time.advance(seconds: 10)
        let again = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        #expect(again.status == 200)
        #expect(again.response.field("Idempotent-Replayed") == "true")
        let results = first.json?["results"]?.elements ?? []
        let replayed = again.json?["results"]?.elements ?? []
        #expect(results.count == ServiceLimits.batchItemsMax && replayed.count == ServiceLimits.batchItemsMax)
        #expect(results.first?["invite"]?["id"]?.string != nil)
        #expect(results.first?["invite"]?["id"]?.string == replayed.first?["invite"]?["id"]?.string)
        let messages = results.compactMap { $0["error"]?["message"]?.string }
        #expect(messages.count == ServiceLimits.batchItemsMax - 1)
        #expect(messages.allSatisfy { $0.utf8.count <= 1_024 && $0.contains(origins[1]) })
        // Whatever stands behind the one token, which is signed anew.
        let errors = [first, again].map { $0.text.split(separator: #"{"error":"#).dropFirst() }
        #expect(errors[0] == errors[1])
    }

    @Test("The texts of an item's error are whole up to their bound, and cut between characters beyond it")
    func boundedErrors() {
        func message(_ text: String) -> String {
            Problem(.invalidRequest, text).bounded(messageBytesMax: 10, paramBytesMax: 4).message
        }
        #expect(message("0123456789") == "0123456789")
        #expect(message("0123456789a") == "0123456…")
        #expect(message("012345é789") == "012345…")
        #expect(message("01234é89a") == "01234é89a")
        #expect(message("") == "")
        let long = Problem.invalid("name é", "text").bounded(messageBytesMax: 10, paramBytesMax: 4)
        #expect(long.param == "n…" && long.message == "text")
    }

    @Test("A batch with the longest names and texts there are is recorded within the limits of its record")
    func largestRecord() async throws {
        let service = try await ServiceHarness()
        // 64 letters with as many marks as still fit a batch, each of which is written as it is; and one that is escaped.
        let name = String(repeating: "e" + String(repeating: "\u{301}", count: 6), count: 64)
        let escaped = String(repeating: #"\u0001"#, count: 64)
        let items = (0..<ServiceLimits.batchItemsMax).map { $0 < 900 ? #"{"\#(name)":1}"# : #"{"\#(escaped)":1}"# }
        let good = #"{"campaign_id":"c","participant_email":"a@b.example","#
        let list = items.map { good + $0.dropFirst() }.joined(separator: ",")
        let body = "{\"invites\":[" + list + "]}"
        #expect(body.utf8.count <= ServiceLimits.batchBytesMax)
        let first = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        let again = await service.admin(.post, "/v1/invites/batch", body: body, fields: Self.key())
        #expect(first.status == 200 && again.status == 200)
        #expect(first.text == again.text)
        let params = first.json?["results"]?.elements.compactMap { $0["error"]?["param"]?.string } ?? []
        #expect(params.count == ServiceLimits.batchItemsMax)
        #expect(params.allSatisfy { $0.utf8.count <= ServiceLimits.batchParamBytesMax })
    }

    @Test("A thousand invites go in one request")
    func fullBatch() async throws {
        let service = try await ServiceHarness()
        let items = (0..<1000).map { #"{"campaign_id":"c","participant_email":"u\#($0)@b.example"}"# }
        let body = "{\"invites\":[" + items.joined(separator: ",") + "]}"
        let answer = await service.admin(.post, "/v1/invites/batch", body: body)
        #expect(answer.status == 200)
        let results = try #require(answer.json?["results"]?.elements)
        #expect(results.count == 1000)
        #expect(Set(results.compactMap { $0["invite"]?["id"]?.string }).count == 1000)
        #expect(results[17]["invite"]?["participant_email"]?.string == "u17@b.example")
    }

    @Test("A replayed key comes without its secret")
    func keys() async throws {
        let service = try await ServiceHarness()
        let body = #"{"name":"n","scopes":["invites:read"]}"#
        let first = await service.admin(.post, "/v1/api-keys", body: body, fields: Self.key())
        let again = await service.admin(.post, "/v1/api-keys", body: body, fields: Self.key())
        #expect(first["secret"] != nil)
        #expect(again.status == 201)
        #expect(again["id"] == first["id"])
        #expect(again["secret"] == nil)
        #expect(again.response.field("Idempotent-Replayed") == "true")
    }

    @Test("A replayed session keeps its ids and times, and signs the same claims again")
    func sessions() async throws {
        let service = try await ServiceHarness()
        let body = #"{"campaign_id":"camp","participant_email":"user@example.com","expires_in":1800}"#
        let first = await service.admin(.post, "/v1/participant-tokens", body: body, fields: Self.key())
        service.time.advance(seconds: 60)
        let again = await service.admin(.post, "/v1/participant-tokens", body: body, fields: Self.key())
        #expect(first.status == 201, "\(first.text)")
        for name in ["session_id", "expires_at", "renew_until"] { #expect(again[name] == first[name], "\(name)") }
        #expect(first.json?["expires_in"]?.integer == 1800)
        #expect(again.json?["expires_in"]?.integer == 1740)
        let token = try #require(again["participant_token"])
        #expect(await service.send(.get, "/v1/widget/session", token: token).status == 200)
        let ids = [first, again].map { answer in
            Self.payload(answer["participant_token"])
                .flatMap { try? JSONDocument(parsing: $0).root["jti"]?.string }
        }
        #expect(ids[0] != nil)
        #expect(ids[0] == ids[1])
    }

    @Test("A replayed revocation is the same one")
    func revocations() async throws {
        let service = try await ServiceHarness()
        let body = #"{"campaign_id":"camp"}"#
        let first = await service.admin(.post, "/v1/revocations", body: body, fields: Self.key())
        let again = await service.admin(.post, "/v1/revocations", body: body, fields: Self.key())
        #expect(first.status == 201)
        #expect(again.status == 201)
        #expect(again["id"] == first["id"])
        #expect(again["created_at"] == first["created_at"])
        #expect(try await service.store.lastCutOffNumber() == 1)
    }
}
