import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites/batch`: up to 1,000 invites, each standing alone, all that are good in one transaction.
    func createInviteBatch(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            try await replayBatch(result, call, principal)
        } effect: { ticket in
            let policies = try await policies.policies(of: principal.tenant)
            let outcomes = try batchItems(call, principal, policies)
            let items = outcomes.compactMap { try? $0.get() }
            let invites = items.map(\.invite)
            let claim = ticket?.claim(result: Self.recordedBatch(outcomes, call), now: call.now)
            if invites.isEmpty, claim == nil { return .done(try answer(outcomes, rev: 0, call)) }
            let command = issuance.command(
                invites,
                asked: items.map(\.request.asked),
                call,
                principal,
                claim: claim,
                extra: items.compactMap { shadowDraft(of: $0.invite, $0.request, call, principal) }
            )
            return try (try await store.createInvites(command)).map { outcome in
                let rev = try Issuance.rev(outcome)
                countMint(invites.count, call, principal)
                return try answer(outcomes, rev: rev, call)
            }
        }
    }

    private struct Item {
        var invite: InviteRecord
        var details: SealedDetails
        var request: InviteRequest
    }

    private func batchItems(
        _ call: Call,
        _ principal: Principal,
        _ policies: TenantPolicies
    ) throws -> [Result<Item, Problem>] {
        var body = try BodyReader(call.request, limits: ServiceLimits.batchJSON)
        let value = body.value("invites")
        try body.finish()
        guard let list = value, list.kind == .array, (1...ServiceLimits.batchItemsMax).contains(list.count) else {
            throw Problem.invalid("invites", "invites must be a list of 1 to \(ServiceLimits.batchItemsMax) invites.")
        }
        return try list.elements.enumerated().map { index, element in
            guard element.kind == .object else {
                return .failure(.invalid("invites", "invites[\(index)] must be a JSON object."))
            }
            do {
                let body = BodyReader(element, path: "invites[\(index)].")
                let request = try inviteRequest(body, principal, policies, call)
                let details = SealedDetails(email: request.email.text, metadata: request.metadata)
                let invite = try record(request, principal, call)
                return .success(Item(invite: invite, details: details, request: request))
            } catch let problem as Problem where problem.code.status == 400 || problem.code.status == 422 {
                return .failure(problem)
            }
        }
    }

    private func answer(
        _ outcomes: [Result<Item, Problem>],
        rev: Int64,
        _ call: Call
    ) throws -> HTTPResponse {
        try Responses.json(200, isSecret: true, capacity: 1024 * (outcomes.count + 1)) { writer in
            writer.name("results")
            writer.beginArray()
            for outcome in outcomes {
                writer.beginObject()
                switch outcome {
                case .success(let item):
                    let includesEmail = item.request.includesEmail
                    try writeMinted(
                        item.invite,
                        rev: rev,
                        item.details,
                        includesEmail: includesEmail,
                        call,
                        to: &writer
                    )
                case .failure(let problem):
                    Self.write(problem, call.requestID, to: &writer)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private func writeMinted(
        _ invite: InviteRecord,
        rev: Int64,
        _ details: SealedDetails,
        includesEmail: Bool,
        _ call: Call,
        to writer: inout JSONWriter
    ) throws {
        let token = try issuance.token(of: invite, rev: rev, email: details.email, includesEmail: includesEmail)
        writer.name("invite")
        writer.beginObject()
        write(invite, details: details, token: token, now: call.now, to: &writer)
        writer.endObject()
    }

    /// The error of one item, as it is answered and recorded: bounded, or no record of a whole batch could be.
    private static func write(_ problem: Problem, _ requestID: String, to writer: inout JSONWriter) {
        let problem = problem.bounded(
            messageBytesMax: ServiceLimits.batchMessageBytesMax,
            paramBytesMax: ServiceLimits.batchParamBytesMax
        )
        writer.name("error")
        writer.beginObject()
        writer.member("code", problem.code.rawValue)
        writer.member("message", problem.message)
        writer.member("status", problem.code.status)
        writer.member("request_id", requestID)
        if let param = problem.param { writer.member("param", param) }
        writer.endObject()
    }

    /// What a retry needs: for each item its id, or its error as it was answered.
    private static func recordedBatch(_ outcomes: [Result<Item, Problem>], _ call: Call) -> [UInt8] {
        var writer = JSONWriter(capacity: 48 * outcomes.count)
        writer.beginArray()
        for outcome in outcomes {
            writer.beginObject()
            switch outcome {
            case .success(let item): writer.member("id", TypeID.text(.invite, item.invite.id))
            case .failure(let problem): write(problem, call.requestID, to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }

    private func replayBatch(_ result: [UInt8], _ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: result, limits: ServiceLimits.recordedBatchJSON)
        } catch {
            throw Problem.internalError("a recorded batch can not be read: \(error)")
        }
        let policies = try await policies.policies(of: principal.tenant)
        var invites: [RecordID: InviteRecord] = [:]
        for element in document.root.elements {
            guard let id = element["id"]?.string.flatMap({ TypeID.parse(.invite, $0) }) else { continue }
            invites[id] = try await store.invite(id, of: principal.tenant)
        }
        return try Responses.json(200, isSecret: true, capacity: 4096) { writer in
            writer.name("results")
            writer.beginArray()
            for element in document.root.elements {
                writer.beginObject()
                if let id = element["id"]?.string.flatMap({ TypeID.parse(.invite, $0) }) {
                    guard let invite = invites[id] else { throw Problem.notFound("a recorded invite was swept") }
                    let policy = policies.resolve(campaign: invite.campaign, apiKey: invite.apiKey, now: call.now)
                    try writeMinted(
                        invite,
                        rev: invite.rev,
                        try details(of: invite),
                        includesEmail: policy.enforced.emailInToken.value,
                        call,
                        to: &writer
                    )
                } else if let error = element["error"] {
                    Self.copy(error, to: &writer)
                }
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func copy(_ error: JSONValue, to writer: inout JSONWriter) {
        writer.name("error")
        writer.beginObject()
        for member in error.members {
            writer.name(member.name)
            if let number = member.value.integer {
                writer.integer(number)
            } else {
                writer.string(member.value.string ?? "")
            }
        }
        writer.endObject()
    }
}
