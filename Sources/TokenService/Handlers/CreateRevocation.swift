import HTTPServer
import InviteStore
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/revocations`: one cut-off by token, invite, session, participant, campaign, key or workspace.
    func createRevocation(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let preview = call.query["preview"]
        guard preview == nil || preview == "true" || preview == "false" else {
            throw Problem.invalid("preview", "preview must be true or false.")
        }
        if preview == "true" {
            // A preview has no effect to protect, but a malformed key is a malformed request all the same.
            _ = try idempotency.ticket(call, principal)
            return try await previewRevocation(revocationTarget(call, principal), call, principal)
        }
        return try await idempotently(call, principal) { result in
            HTTPResponse(status: 201, body: result, contentType: "application/json")
        } effect: { ticket in
            try await revoke(revocationTarget(call, principal), call, principal, ticket)
        }
    }

    private func revoke(
        _ target: CutOffTarget,
        _ call: Call,
        _ principal: Principal,
        _ ticket: IdempotencyTicket?
    ) async throws -> Idempotent<HTTPResponse> {
        try requireRoom(for: target, principal.tenant)
        let id = identifiers.next(at: call.now)
        let name = Self.name(target, principal.tenant)
        let response = Responses.json(201) { writer in
            writer.member("id", TypeID.text(.cutOff, id))
            Self.write(target, principal.tenant, to: &writer)
            writer.member("environment", principal.tenant.environment.rawValue)
            writer.member("created_at", time: call.now)
        }
        let command = CreateCutOff(
            id: id,
            tenant: principal.tenant,
            target: target,
            forgetAt: call.now.adding(seconds: policies.longestDescentSeconds),
            claim: ticket?.claim(result: response.body, now: call.now),
            now: call.now,
            audit: [
                audit.draft(
                    "revocation.created",
                    .cutOff,
                    id,
                    call,
                    principal,
                    [("target_type", name.type), ("target", name.id)]
                )
            ]
        )
        let outcome = try await revoking(call) { try await store.createCutOff(command) }
        switch outcome {
        case .done(let cutOff):
            revocations.insert([cutOff])
            return .done(response)
        case .replay(let result): return .replay(result: result)
        case .mismatch: return .mismatch
        }
    }

    private func previewRevocation(
        _ target: CutOffTarget,
        _ call: Call,
        _ principal: Principal
    ) async throws -> HTTPResponse {
        var coverage = try await store.coverage(
            of: target,
            in: principal.tenant,
            now: call.now,
            rowsMax: ServiceLimits.previewRowsMax
        )
        // The store knows no participant tokens: cutting one off hits one session's current token.
        if case .token = target { coverage.sessions = 1 }
        return Responses.json(200) { writer in
            writer.member("preview", true)
            Self.write(target, principal.tenant, to: &writer)
            writer.member("invites", coverage.invites)
            writer.member("sessions", coverage.sessions)
            writer.member("complete", coverage.isComplete)
        }
    }

    private func revocationTarget(_ call: Call, _ principal: Principal) async throws -> CutOffTarget {
        var body = try BodyReader(call.request)
        let tenant = principal.tenant
        let names = [
            "token", "invite_id", "session_id", "participant_email", "campaign_id", "api_key_id", "workspace_id",
        ]
        let given = names.filter { body.isGiven($0) }
        try body.finish()
        guard given.count == 1, let name = given.first else {
            throw Problem(.invalidRequest, "Give exactly one of \(names.joined(separator: ", ")).")
        }
        let text = try body.requiredString(name, charactersMax: ServiceLimits.bodyBytesMax)
        switch name {
        case "token": return try tokenTarget(text, call, principal)
        case "invite_id":
            guard let id = TypeID.parse(.invite, text), try await store.invite(id, of: tenant) != nil else {
                throw Problem.notFound("no such invite")
            }
            return .invite(id)
        case "session_id":
            guard let id = TypeID.parse(.session, text), try await store.session(id, of: tenant) != nil else {
                throw Problem.notFound("no such session")
            }
            return .session(id)
        case "participant_email":
            return .participant(try pseudonyms.pseudonym(of: Self.email(&body), in: tenant))
        case "campaign_id": return .campaign(try Self.campaign(&body).text)
        case "workspace_id":
            guard TypeID.parse(.workspace, text) == tenant.workspace else {
                throw Problem.notFound("another workspace")
            }
            return .workspace
        default:
            guard let id = TypeID.parse(.apiKey, text), try await store.apiKey(id, of: tenant) != nil else {
                throw Problem.notFound("no such key")
            }
            return .apiKey(id)
        }
    }

    /// An invite token stands for its invite, a participant token for itself; expired ones may still be named.
    private func tokenTarget(_ token: String, _ call: Call, _ principal: Principal) throws -> CutOffTarget {
        if let claims = try? keyring.reader.participant(token, now: call.now).claims,
            claims.tenant == principal.tenant
        {
            return .token(claims.token)
        }
        if let claims = try? keyring.reader.invite(token, now: call.now).claims, claims.tenant == principal.tenant {
            return .invite(claims.invite)
        }
        throw Problem.invalidToken("not a token of this workspace and environment")
    }

    private static func write(_ target: CutOffTarget, _ tenant: Tenant, to writer: inout JSONWriter) {
        let name = name(target, tenant)
        writer.member("target_type", name.type)
        writer.member("target", name.id)
    }

    /// What answers and the audit trail call a target: an address never stands there, only its pseudonym.
    private static func name(_ target: CutOffTarget, _ tenant: Tenant) -> (type: String, id: String) {
        switch target {
        case .token(let id): ("token", TypeID.text(.participantToken, id))
        case .invite(let id): ("invite", TypeID.text(.invite, id))
        case .session(let id): ("session", TypeID.text(.session, id))
        case .participant(let participant): ("participant", Pseudonymizer.text(participant))
        case .campaign(let campaign): ("campaign", campaign)
        case .apiKey(let id): ("api_key", TypeID.text(.apiKey, id))
        case .workspace: ("workspace", TypeID.text(.workspace, tenant.workspace))
        }
    }
}
