import HTTPServer
import Platform
import StrictJSON
import TestSupport
import TokenService

/// What operators do with the first admin key: they revoke, rotate, suspend, and change policies.
extension Simulation {
    func revoke() async {
        switch dice.below(6) {
        case 0: await deleteInvite()
        case 1:
            guard let invite = recent(model.invites) else { return }
            await revoke(#""invite_id":"\#(invite.id)""#, .invite(invite.id))
        case 2:
            guard let session = recent(model.sessions) else { return }
            await revoke(#""session_id":"\#(session.id)""#, .session(session.id))
        case 3:
            let participant = "p\(dice.below(25))@example.com"
            await revoke(#""participant_email":"\#(participant)""#, .participant(participant))
        case 4:
            let campaign = dice.pick(Self.campaigns)
            await revoke(#""campaign_id":"\#(campaign)""#, .campaign(campaign))
        default:
            guard let token = recent(model.tokens) else { return }
            await revoke(#""token":"\#(token.text)""#, .token(token.text))
        }
    }

    private func revoke(_ member: String, _ target: RevocationTarget) async {
        let fact = Fact(now)
        model.revocations[target, default: []].append(fact)
        let fields = dice.below(2) == 0 ? [("Idempotency-Key", "revoke-\(nextNumber())")] : []
        let reply = await ask(.post, "/v1/revocations", body: "{\(member)}", key: admin, fields: fields)
        fact.settle(reply, now, isDone: reply?.status == 201)
        guard let reply, reply.status != 503 else { return }
        switch reply.status {
        case 201: audit.expect("revocation.created", target: reply["id"] ?? "")
        // What was swept can not be named any more.
        case 401, 404: if !isSwept(target) { violate("a revocation was refused: \(reply.code ?? "")") }
        default: violate("a revocation was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    private func isSwept(_ target: RevocationTarget) -> Bool {
        let limit = latest.adding(seconds: -30 * 86_400)
        switch target {
        case .invite(let id): return model.invites.first { $0.id == id }.map { $0.expiresAt <= limit } ?? true
        case .session(let id): return model.sessions.first { $0.id == id }.map { $0.renewUntil <= limit } ?? true
        // A token whose clock is ahead of ours is none yet.
        case .token: return true
        default: return false
        }
    }

    private func deleteInvite() async {
        guard let invite = recent(model.invites) else { return }
        let fact = Fact(now)
        model.revocations[.invite(invite.id), default: []].append(fact)
        let reply = await ask(.delete, "/v1/invites/\(invite.id)", key: admin)
        fact.settle(reply, now, isDone: reply?.status == 204)
        guard let reply, reply.status != 503 else { return }
        if reply.status == 404, isSwept(.invite(invite.id)) { return }
        guard reply.status == 204 else { return violate("an invite was not revoked: \(reply.status)") }
        // It may have been revoked by its id before: then that is the event.
        if audit.count("invite.revoked", invite.id) > 1 { violate("invite \(invite.id) was revoked twice") }
    }

    // MARK: Keys

    func makeKeyIfFew() async {
        if model.keys.count(where: \.isUsable) < 4 { await makeKey() }
    }

    func makeKey() async {
        let born = Fact(now)
        let body = #"{"name":"backend","scopes":["invites:write","tokens:write"]}"#
        let reply = await ask(.post, "/v1/api-keys", body: body, key: admin)
        born.settle(reply, now, isDone: reply?.status == 201)
        guard let reply, reply.status != 503 else { return }
        take(reply, born)
    }

    /// Takes in the key of an answer.
    private func take(_ reply: Reply, _ born: Fact) {
        guard reply.status == 201, let id = reply["id"], let secret = reply["secret"] else {
            return violate("a key was answered with \(reply.status) \(reply.code ?? "")")
        }
        audit.expect("key.created", target: id)
        model.keys.append(ModelKey(id: id, secret: secret, born: born))
        model.keys = model.keys.suffix(12)
    }

    func rotateKey() async {
        guard let key = recent(model.keys.filter(\.isUsable)) else { return }
        let fact = Fact(now)
        let end = UnixTime(seconds: latest.seconds).adding(seconds: dice.pick([1, 60, 3600, 86_400, 604_800]))
        key.ends.append((fact, end))
        let body = #"{"overlap_until":"\#(RFC3339.text(end))"}"#
        let reply = await ask(.post, "/v1/api-keys/\(key.id)/rotate", body: body, key: admin)
        fact.settle(reply, now, isDone: reply?.status == 201)
        guard let reply, reply.status != 503 else { return }
        // Somebody else's change of the key came first, or the clock went past the end meanwhile.
        guard reply.status != 409, reply.status != 400 else { return }
        take(reply, fact)
        audit.expect("key.rotated", target: key.id)
    }

    func suspendOrResume() async {
        guard let key = recent(model.keys, 4), key.revocations.allSatisfy({ $0.state == .never }) else { return }
        let isSuspended = key.suspensions.last { $0.fact.state != .never }?.isSuspended != true
        let fact = Fact(now)
        key.suspensions.append((fact, isSuspended))
        let target = "/v1/api-keys/\(key.id)/\(isSuspended ? "suspend" : "resume")"
        let reply = await ask(.post, target, key: admin)
        fact.settle(reply, now, isDone: reply?.status == 200)
        guard let reply, reply.status != 503 else { return }
        // A key that has come to its end is neither suspended nor resumed.
        guard [200, 409].contains(reply.status) else {
            return violate("a suspension was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    /// Ends a key alone, or with everything that it minted.
    func endKey() async {
        guard model.keys.count(where: \.isUsable) > 1, let key = recent(model.keys, 6) else { return }
        let withFamily = dice.below(2) == 0
        let fact = Fact(now)
        key.revocations.append(fact)
        if withFamily { model.revocations[.key(key.id), default: []].append(fact) }
        let target = "/v1/api-keys/\(key.id)" + (withFamily ? "?family=true" : "")
        let reply = await ask(.delete, target, key: admin)
        fact.settle(reply, now, isDone: reply?.status == 204)
        guard let reply, reply.status != 503 else { return }
        if reply.status != 204 { violate("a key was not ended: \(reply.status) \(reply.code ?? "")") }
    }

    // MARK: Policies

    func changePolicy(as session: ModelConsoleSession? = nil) async {
        let seconds = dice.pick([Int64(3600), 86_400, 604_800])
        let fact = Fact(now)
        model.limits.append((fact, seconds))
        let body = #"{"invite":{"max_seconds":\#(seconds)}}"#
        let (path, slug) = ("/v1/policies", Self.slugs[0])
        let reply =
            if let session {
                await ask(.put, path, body: body, as: session, in: slug)
            } else {
                await ask(.put, path, body: body, key: admin)
            }
        fact.settle(reply, now, isDone: reply?.status == 200)
        guard let reply, reply.status != 503 else { return }
        if let session, !isLetThrough(reply, session, in: slug, needs: .security) { return }
        // Somebody else's change came first.
        guard [200, 409].contains(reply.status) else {
            return violate("a policy was answered with \(reply.status) \(reply.code ?? "")")
        }
    }
}
