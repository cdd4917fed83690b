import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Telemetry
import TestSupport
import Testing

@testable import TokenService

/// What must hold: no token of an ended session is ever good again, and nothing is remembered that no token is under.
@Suite("For how long an ended session is remembered")
struct EndedSessionTests {
    /// What happens to a session before it ends, and for how many seconds its last token lives.
    struct Course: CustomTestStringConvertible {
        let testDescription: String
        /// Before the exchange, beside the built-in 15 minutes for a token.
        var policy: String?
        var isHeld = false
        /// Seconds after the exchange at which the holder asks again.
        var repeated: Int?
        var renewals: [Int] = []
        /// Between the last of these and the end of the session.
        var policyAfter: String?
        let livesUntil: Int64
        /// From then on until nothing is remembered: more where the holder might have asked again later than they did.
        var forgottenAfter: Int64 = 60
        /// Seconds that the last token has at its issue.
        var lastLifetime: Int64 = 900
        /// Between the exchange and what comes after it.
        var policyBetween: String?
    }

    private static func policy(_ seconds: Int) -> String {
        #"{"participant_token":{"default_seconds":\#(seconds),"max_seconds":\#(seconds)}}"#
    }

    static let courses = [
        Course(testDescription: "a token of 15 minutes", livesUntil: 900),
        Course(testDescription: "a short one", policy: policy(60), livesUntil: 60),
        Course(
            testDescription: "an exchange that was asked for again",
            isHeld: true,
            repeated: 59,
            livesUntil: 959,
            forgottenAfter: 61
        ),
        Course(
            testDescription: "one that was asked for again under a wider policy",
            policy: policy(60),
            isHeld: true,
            repeated: 59,
            livesUntil: 120,
            lastLifetime: 61,
            policyBetween: policy(900)
        ),
        Course(testDescription: "two renewals", renewals: [600, 1400], livesUntil: 2300),
        Course(testDescription: "a long one, shortened since", policyAfter: policy(60), livesUntil: 900),
        Course(
            testDescription: "one renewed, shortened since",
            renewals: [100],
            policyAfter: policy(60),
            livesUntil: 1000
        ),
    ]

    @Test(
        "Every token of a session is dead from its end on, and the session is forgotten with the last",
        arguments: courses
    )
    func forgets(course: Course) async throws {
        let service = try await ServiceHarness()
        let upkeep = Upkeep(services: service.services)
        let start = UnixTime(seconds: service.time.now().seconds)
        func set(_ policy: String?) async {
            guard let policy else { return }
            #expect(
                await service.asOperatorOfWorkspace(.put, "/v1/policies?layer=deployment", body: policy).status == 200
            )
        }
        func wait(until seconds: Int64) {
            let milliseconds = start.adding(seconds: seconds).milliseconds - service.time.now().milliseconds
            service.time.advance(milliseconds: Int(milliseconds))
        }
        await set(course.policy)
        let invite = try #require(await service.mint()["invite_token"])
        let proof = course.isHeld ? #","holder_nonce":"abcdefghijklmnopqrstuv""# : ""
        let exchange = #"{"invite_token":"\#(invite)"\#(proof)}"#
        var tokens = [await service.send(.post, "/v1/widget/sessions", body: exchange)["participant_token"] ?? ""]
        await set(course.policyBetween)
        if let seconds = course.repeated {
            wait(until: Int64(seconds))
            let again = await service.send(.post, "/v1/widget/sessions", body: exchange)
            #expect(again.status == 200)
            // As long as the first one, and never beyond what the store knows of the session.
            #expect(again.json?["expires_in"]?.integer == course.lastLifetime)
            tokens.append(again["participant_token"] ?? "")
        }
        for seconds in course.renewals {
            wait(until: Int64(seconds))
            let renewed = await service.send(.post, "/v1/widget/session/renew", token: tokens[tokens.count - 1])
            #expect(renewed.status == 200, "\(renewed.text)")
            tokens.append(renewed["participant_token"] ?? "")
        }
        await set(course.policyAfter)
        let last = tokens[tokens.count - 1]
        #expect(await service.send(.delete, "/v1/widget/session", token: last).status == 204)
        // A process that starts now reads the same.
        let other = try await service.restarted()
        var moments: [Int64] = [1, course.livesUntil / 2, course.livesUntil - 1]
        moments.removeAll { start.adding(seconds: $0) <= service.time.now() }
        for seconds in moments {
            wait(until: seconds)
            await upkeep.round()
            for token in tokens {
                for each in [service, other] {
                    let answer = await each.send(.get, "/v1/widget/session", token: token)
                    #expect([401, 410].contains(answer.status), "\(answer.text)")
                }
            }
            // The last token would be good by itself: only what is remembered speaks against it.
            for each in [service, other] {
                #expect(await each.send(.get, "/v1/widget/session", token: last).code == "session_ended")
            }
            #expect(service.services.revocations.counts.endedSessions == 1)
        }
        wait(until: course.livesUntil)
        await upkeep.round()
        for token in tokens {
            #expect(await service.send(.get, "/v1/widget/session", token: token).status != 200)
        }
        wait(until: course.livesUntil + course.forgottenAfter)
        await upkeep.round()
        #expect(service.services.revocations.counts.endedSessions == 0)
        #expect(try await service.store.endedSessions(now: start, limit: 9).isEmpty, "swept")
        for token in tokens {
            let answer = await service.send(.get, "/v1/widget/session", token: token)
            #expect(answer.code == "token_expired", "\(answer.text)")
        }
    }

    @Test("How much is remembered shows in the metrics")
    func counted() async throws {
        let service = try await ServiceHarness()
        func shown(_ kind: String) -> Bool {
            String(decoding: service.registry.prometheusText(), as: UTF8.self)
                .contains("tokenservice_revocations_remembered{kind=\"\(kind)\"} 1\n")
        }
        #expect(!shown("ended_session") && !shown("cut_off"))
        let session = try await service.openSession()
        #expect(await service.send(.delete, "/v1/widget/session", token: session.participant).status == 204)
        #expect(shown("ended_session") && !shown("cut_off"))
        #expect(await service.admin(.delete, "/v1/invites/\(session.inviteID)").status == 204)
        #expect(shown("ended_session") && shown("cut_off"))
    }
}
