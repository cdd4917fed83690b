import HTTPServer
import InviteStore
import StrictJSON

extension Services {
    /// `POST /v1/invites/batch`: up to 1,000 invites, each standing alone, all that are good in one transaction.
    func createInviteBatch(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            try await replayBatch(result, call, principal)
        } effect: { ticket in
            let outcomes = try batchItems(call, principal)
            let invites = outcomes.compactMap { outcome in
                if case .success(let item) = outcome { item.invite } else { nil }
            }
            let claim = ticket?.claim(result: Self.recordedBatch(outcomes, call), now: call.now)
            if invites.isEmpty, claim == nil { return .done(try answer(outcomes, rev: 0, call)) }
            let command = issuance.command(invites, call, principal, claim: claim)
            return try (try await store.createInvites(command)).map { outcome in
                let rev = try Issuance.rev(outcome)
                metrics.issued(.invite, count: invites.count)
                return try answer(outcomes, rev: rev, call)
            }
        }
    }

    private struct Item {
        var invite: InviteRecord
        var details: SealedDetails
    }

    private func batchItems(_ call: Call, _ principal: Principal) throws -> [Result<Item, Problem>] {
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
                let request = try inviteRequest(BodyReader(element, path: "invites[\(index)]."), principal)
                let details = SealedDetails(email: request.email.text, metadata: request.metadata)
                return .success(Item(invite: try record(request, principal, call), details: details))
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
                    try writeMinted(item.invite, rev: rev, item.details, call, to: &writer)
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
        _ call: Call,
        to writer: inout JSONWriter
    ) throws {
        let token = try issuance.token(of: invite, rev: rev, email: details.email)
        writer.name("invite")
        writer.beginObject()
        write(invite, details: details, token: token, now: call.now, to: &writer)
        writer.endObject()
    }

    private static func write(_ problem: Problem, _ requestID: String, to writer: inout JSONWriter) {
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
            document = try JSONDocument(parsing: result, limits: ServiceLimits.batchJSON)
        } catch {
            throw Problem.internalError("a recorded batch can not be read: \(error)")
        }
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
                    try writeMinted(invite, rev: invite.rev, try details(of: invite), call, to: &writer)
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
