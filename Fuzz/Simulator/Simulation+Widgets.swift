import HTTPServer
import JWTLite
import Platform
import StrictJSON
import TestSupport
import TokenService

/// What widgets do: they exchange invites, ask again where the answer was lost, validate, renew and end.
extension Simulation {
    func redeem() async {
        guard let invite = recent(model.invites) else { return }
        await redeem(invite, nonce: freshHolder())
    }

    /// A holder asks again: because nothing came back, or for no reason.
    func redeemAgain() async {
        guard let invite = recent(model.invites.filter { !$0.exchanges.isEmpty }, 10),
            let exchange = recent(invite.exchanges, 3)
        else { return }
        await redeem(invite, nonce: exchange.nonce)
    }

    /// Several holders want one invite at once.
    func race() async {
        guard let invite = recent(model.invites, 6) else { return }
        for _ in 0..<3 {
            let nonce = freshHolder()
            start { await self.redeem(invite, nonce: nonce) }
        }
    }

    /// A holder nobody knows yet: with a nonce, or with a key.
    private func freshHolder() -> String { dice.below(3) == 0 ? freshKey() : freshNonce() }

    func freshNonce() -> String {
        let digits = String(dice.next(), radix: 36) + String(dice.next(), radix: 36)
        return "n" + String(repeating: "0", count: max(0, 30 - digits.count)) + digits
    }

    func redeem(_ invite: ModelInvite, nonce: String, replaying used: UsedProof? = nil) async {
        let fact = Fact(now)
        let kid = invite.kid
        invite.exchanges.append((fact, nonce))
        let path = "/v1/widget/sessions"
        let reply: Reply?
        if let used {
            let body = #"{"invite_token":"\#(invite.token)"}"#
            reply = await ask(.post, path, body: body, fields: [("DPoP", used.text)])
        } else if let signer = model.holderKeys[nonce] {
            let body = #"{"invite_token":"\#(invite.token)"}"#
            reply = await ask(.post, path, body: body, provenBy: signer, as: .exchange(invite, holder: nonce))
        } else {
            let body = #"{"invite_token":"\#(invite.token)","holder_nonce":"\#(nonce)"}"#
            reply = await ask(.post, path, body: body)
        }
        fact.settle(reply, now, isDone: reply?.status == 201)
        guard let reply, !reply.isUnknown else { return }
        if let used {
            check(used, reply)
            if reply.status == 401 { return }
        }
        let born = invite.mint.born
        switch reply.status {
        case 200, 201: exchanged(invite, kid, nonce, reply)
        case 409:
            // Those who asked at the same time, or whose answer was lost, may have it.
            if invite.usesAtMost(at: reply.ended) < invite.mint.maxUses {
                violate("invite \(invite.id) was said to be used, and nobody did")
            }
        case 410, 401:
            let isOver = latest >= invite.expiresAt
            let isDead = model.mayBeDead(invite.lineage, born: born, at: reply.ended)
            // A key that can have signed nothing that is not over may be gone.
            let isForeign =
                isOver && latest >= invite.issuedAt.adding(seconds: 7 * 86_400)
                || model.signingKeys.mayBeUnknown(kid, to: reply)
                || model.mayBeDead([.signingKey(kid)], born: born, at: reply.ended)
            let hasEnded = invite.sessions.contains { session, holder in
                holder == nonce
                    && model.revocations[.session(session)]?.contains { $0.mayHold(at: reply.ended) } == true
            }
            let isGone = latest >= invite.expiresAt.adding(seconds: 30 * 86_400)
            let isEarly = isAhead(invite.issuedAt, of: reply)
            if reply.status == 401 ? !(isGone || isEarly || isForeign) : !(isOver || isDead || hasEnded) {
                violate("the good invite \(invite.id) was refused: \(reply.code ?? "")")
            }
        case 503: break
        default: violate("an exchange was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    private func exchanged(_ invite: ModelInvite, _ kid: String, _ nonce: String, _ reply: Reply) {
        checkIssue(reply)
        if isAhead(invite.issuedAt, of: reply) { violate("the invite \(invite.id) was exchanged before its time") }
        let born = invite.mint.born
        guard let id = reply["session_id"] else { return violate("an exchange without a session") }
        if model.isDead(invite.lineage + [.session(id)], born: born, at: reply.began, on: nil) {
            violate("the revoked invite \(invite.id) was exchanged")
        }
        if model.isDead([.signingKey(kid)], born: born, at: reply.began, on: reply.replica) {
            violate("the invite \(invite.id) was exchanged, whose signing key was revoked")
        }
        if reply.status == 201 {
            if reply.began.wall >= invite.expiresAt { violate("the expired invite \(invite.id) was exchanged") }
            if !invite.opened.insert(id).inserted { violate("session \(id) was opened twice") }
            audit.expect("invite.redeemed", request: reply.requestID)
        }
        if let holder = invite.sessions[id] {
            if holder != nonce { violate("session \(id) was given to another holder") }
        } else if reply.status == 200, invite.exchanges.count(where: { $0.nonce == nonce }) < 2 {
            violate("a holder who never asked before was taken for one who did")
        }
        invite.sessions[id] = nonce
        if invite.sessions.count > invite.mint.maxUses {
            violate("invite \(invite.id) of \(invite.mint.maxUses) uses has \(invite.sessions.count) sessions")
        }
        if audit.count("invite.redeemed", invite.id) > invite.mint.maxUses {
            violate("the trail has more exchanges of \(invite.id) than it has uses")
        }
        guard let session = session(reply, nonce: nonce, born: born, lineage: invite.lineage) else { return }
        if reply.status == 201 { model.sessions.append(session) }
    }

    /// The session of an answer, with its token taken in.
    func session(_ reply: Reply, nonce: String?, born: Fact, lineage: [RevocationTarget]) -> ModelSession? {
        guard let id = reply["session_id"], let until = reply.time("renew_until") else {
            violate("a session without an id")
            return nil
        }
        let known = model.sessions.last { $0.id == id }
        if let known, known.renewUntil != until { violate("session \(id) has another end than before") }
        let session =
            known
            ?? ModelSession(
                id: id,
                nonce: nonce,
                signer: nonce.flatMap { model.holderKeys[$0] },
                born: born,
                lineage: lineage,
                renewUntil: until
            )
        take(reply, of: session)
        return session
    }

    /// Takes in the token of an answer.
    private func take(_ reply: Reply, of session: ModelSession) {
        guard let text = reply["participant_token"], let expiresAt = reply.time("expires_at"),
            let times = times(of: text), times.expiresAt.seconds == expiresAt.seconds, let kid = keyID(of: text)
        else { return violate("a token that can not be read") }
        if expiresAt > session.renewUntil { violate("a token outlives its session") }
        checkSigned(by: kid, reply)
        checkBinding(text, session, reply)
        let token = ModelToken(text, kid: kid, session, issuedAt: times.issuedAt, expiresAt: expiresAt)
        model.tokens.append(token)
    }

    /// The `iat` and `exp` of a token.
    func times(of token: String) -> (issuedAt: UnixTime, expiresAt: UnixTime)? {
        guard let payload = token.split(separator: ".").dropFirst().first.flatMap({ Base64URL.decode(String($0)) }),
            let claims = try? JSONDocument(parsing: payload).root, let issuedAt = claims["iat"]?.integer,
            let expiresAt = claims["exp"]?.integer
        else { return nil }
        return (UnixTime(seconds: issuedAt), UnixTime(seconds: expiresAt))
    }

    /// True where a token was made by a clock that was ahead of the one that it is shown to, by more than is forgiven.
    private func isAhead(_ issuedAt: UnixTime, of reply: Reply) -> Bool {
        issuedAt > reply.began.wall.adding(seconds: 30)
    }

    // MARK: Tokens

    func validate() async {
        await validate(recent(model.tokens, 60))
    }

    /// Somebody tries what was revoked and would not be over yet.
    func validateRevoked() async {
        let revoked = model.tokens.suffix(100).filter { token in
            latest < token.expiresAt && model.mayBeDead(token.lineage, born: token.session.born, at: now)
        }
        await validate(recent(revoked))
    }

    private func validate(_ token: ModelToken?) async {
        guard let token else { return }
        if let signer = token.session.signer { return await validateBound(token, signer) }
        judge(token, await ask(.get, "/v1/widget/session", key: token.text))
    }

    /// Holds the answer to a validation against the contract.
    func judge(_ token: ModelToken, _ reply: Reply?) {
        guard let reply, reply.status != 503 else { return }
        guard [200, 401, 410].contains(reply.status) else {
            return violate("a validation was answered with \(reply.status) \(reply.code ?? "")")
        }
        judge(token, reply, isAccepted: reply.status == 200, code: reply.code)
    }

    /// Holds what was said of a token against what the contract says of it.
    func judge(_ token: ModelToken, _ reply: Reply, isAccepted: Bool, code: String?) {
        let session = token.session
        if isAccepted {
            if reply.began.wall >= token.expiresAt { violate("a token was accepted past its exp") }
            if isAhead(token.issuedAt, of: reply) { violate("a token was accepted before its time") }
            if token.isOverFor.contains(reply.process) { violate("an expired token came to life again") }
            if model.isDead(token.lineage, born: session.born, at: reply.began, on: reply.replica) {
                violate("a token was accepted after a revocation that covers it")
            }
            return
        }
        if model.mayBeDead(token.lineage, born: session.born, at: reply.ended) { return }
        if isAhead(token.issuedAt, of: reply) || model.signingKeys.mayBeUnknown(token.kid, to: reply) { return }
        if latest >= token.expiresAt {
            if code == "token_expired" { token.isOverFor.insert(reply.process) }
            return
        }
        violate("a good token was refused: \(code ?? "")")
    }

    func renew() async {
        guard let token = recent(model.tokens, 60) else { return }
        let session = token.session
        let isThief = dice.below(10) == 0
        let path = "/v1/widget/session/renew"
        let reply: Reply?
        if let signer = session.signer {
            guard let signer = isThief ? model.holderKeys[freshKey()] : signer else { return }
            reply = await ask(.post, path, token: token.text, provenBy: signer)
        } else {
            let nonce = isThief ? freshNonce() : session.nonce
            reply = await ask(.post, path, body: nonce.map { #"{"holder_nonce":"\#($0)"}"# }, key: token.text)
        }
        guard let reply, reply.status != 503 else { return }
        switch reply.status {
        case 200:
            checkIssue(reply)
            if isThief, session.nonce != nil || reply.began.wall >= token.expiresAt {
                violate("a session was renewed for somebody else")
            }
            if reply.began.wall >= session.renewUntil { violate("a session was renewed after its end") }
            if model.isDead(token.lineage, born: session.born, at: reply.began, on: reply.replica) {
                violate("a revoked session was renewed")
            }
            audit.expect("session.renewed", request: reply.requestID)
            take(reply, of: session)
        case 401, 410:
            let isExplained =
                isThief || isAhead(token.issuedAt, of: reply) || latest >= session.renewUntil
                || model.signingKeys.mayBeUnknown(token.kid, to: reply)
                || (session.nonce == nil && latest >= token.expiresAt)
                || model.mayBeDead(token.lineage, born: session.born, at: reply.ended)
            if !isExplained { violate("a good session was not renewed: \(reply.code ?? "")") }
        case 400 where isThief && session.signer == nil && session.nonce != nil && reply.code == "invalid_request":
            // The token alone would have been enough; a nonce that is not the session's is told from it.
            if reply.began.wall >= token.expiresAt { violate("a token that is over was called good") }
        default: violate("a renewal was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    func endSession() async {
        guard let token = recent(model.tokens, 30) else { return }
        let fact = Fact(now)
        model.revocations[.session(token.session.id), default: []].append(fact)
        let path = "/v1/widget/session"
        let reply: Reply?
        if let signer = token.session.signer {
            reply = await ask(.delete, path, token: token.text, provenBy: signer)
        } else {
            reply = await ask(.delete, path, key: token.text)
        }
        fact.settle(reply, now, isDone: reply?.status == 204)
        guard let reply, reply.status != 503 else { return }
        switch reply.status {
        case 204: audit.expect("session.ended", target: token.session.id)
        case 401, 410:
            let isExplained =
                latest >= token.expiresAt || isAhead(token.issuedAt, of: reply)
                || model.signingKeys.mayBeUnknown(token.kid, to: reply)
                || model.mayBeDead(token.lineage, born: token.session.born, at: reply.ended)
            if !isExplained { violate("a good session was not ended: \(reply.code ?? "")") }
        default: violate("ending a session was answered with \(reply.status) \(reply.code ?? "")")
        }
    }
}
