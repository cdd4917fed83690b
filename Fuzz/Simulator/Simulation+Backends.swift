import HTTPServer
import Platform
import StrictJSON
import TestSupport

/// What backends do: they mint, ask again where they heard nothing, and look at what they have.
extension Simulation {
    static let campaigns = ["spring", "summer", "autumn", "winter"]

    func mint() async {
        guard let key = anyKey() else { return }
        let number = nextNumber()
        let mint = ModelMint(
            number: number,
            key: key,
            campaign: dice.pick(Self.campaigns),
            participant: "p\(dice.below(25))@example.com",
            maxUses: dice.pick([1, 1, 1, 1, 2, 3]),
            seconds: dice.pick([nil, nil, 60, 300, 3600, 86_400, 604_800]),
            idempotencyKey: dice.below(5) > 0 ? "mint-\(number)" : nil,
            born: Fact(now)
        )
        await run(mint)
    }

    /// A member mints, in the name of the workspace's oldest admin key.
    func mint(as session: ModelConsoleSession) async {
        let number = nextNumber()
        let mint = ModelMint(
            number: number,
            key: adminKey,
            member: session.member,
            campaign: dice.pick(Self.campaigns),
            participant: "p\(dice.below(25))@example.com",
            maxUses: 1,
            seconds: dice.pick([nil, 300, 86_400]),
            idempotencyKey: "mint-\(number)",
            born: Fact(now)
        )
        await run(mint, as: session)
    }

    /// Asks again for an invite of which nobody heard, as long as the answer is remembered.
    func mintAgain() async {
        guard !model.pending.isEmpty else { return }
        let mint = model.pending.remove(at: dice.below(model.pending.count))
        // An idempotency key is kept for a day.
        guard latest < mint.born.began.wall.adding(seconds: 20 * 3600) else { return }
        guard let member = mint.member else { return await run(mint) }
        // Whichever session asks, the key of the request is the member's.
        guard let session = openSession(of: member) else { return model.pending.append(mint) }
        await run(mint, as: session)
    }

    /// A key that should work, as a rule; else any.
    private func anyKey() -> ModelKey? {
        (dice.below(6) > 0 ? recent(model.keys.filter(\.isUsable), 4) : nil) ?? recent(model.keys, 6)
    }

    private func run(_ mint: ModelMint, as session: ModelConsoleSession? = nil) async {
        mint.tries += 1
        let fields = mint.idempotencyKey.map { [("Idempotency-Key", $0)] } ?? []
        let (path, slug) = ("/v1/invites", Self.slugs[0])
        let reply =
            if let session {
                await ask(.post, path, body: mint.body, as: session, in: slug, fields: fields)
            } else {
                await ask(.post, path, body: mint.body, key: mint.key.secret, fields: fields)
            }
        guard let reply, !reply.isUnknown else {
            mint.born.settle(.unsure, now)
            if mint.idempotencyKey != nil { model.pending.append(mint) }
            return
        }
        if let session, reply.status != 503, !isLetThrough(reply, session, in: slug, needs: .operator) {
            return settleRefused(mint, reply)
        }
        switch reply.status {
        case 201: minted(mint, reply)
        case 401:
            if !mint.key.mayBeDead(at: reply.ended, latest: latest) { violate("a good key was refused") }
            settleRefused(mint, reply)
        case 422:
            let seconds = mint.seconds ?? 60
            if reply.code != "policy_violation" || model.allows(seconds, reply) == true {
                violate("a mint within the policy was refused: \(reply.code ?? "")")
            }
            settleRefused(mint, reply)
        case 503: settleRefused(mint, reply)
        default: violate("a mint was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    /// Nothing was done by this try; what became of those before it stays as it is.
    private func settleRefused(_ mint: ModelMint, _ reply: Reply) {
        if mint.tries == 1 {
            mint.born.settle(.never, reply.ended)
        } else if reply.status == 503 {
            model.pending.append(mint)
        }
    }

    private func minted(_ mint: ModelMint, _ reply: Reply) {
        checkIssue(reply)
        // What is new is settled by the store; a replay by what this replica knows of the key.
        if mint.key.isDead(at: reply.began, on: reply.isReplay ? reply.replica : nil) {
            violate("a key that had ended minted")
        }
        if let seconds = mint.seconds, !reply.isReplay,
            model.allows(seconds, reply) == false
        {
            violate("an invite of \(seconds) s was minted against the policy")
        }
        guard let id = reply["id"], let token = reply["invite_token"], let expiresAt = reply.time("expires_at"),
            reply["campaign_id"] == mint.campaign, reply["participant_email"] == mint.participant,
            reply.json?["max_uses"]?.integer == Int64(mint.maxUses)
        else { return violate("a mint was answered with something else") }
        if let earlier = model.invites.last(where: { $0.mint === mint }) {
            if earlier.id != id { violate("one Idempotency-Key made \(earlier.id) and \(id)") }
            // The same claims, signed by the key of now.
            guard times(of: token)?.expiresAt == earlier.expiresAt, let kid = keyID(of: token) else {
                return violate("one Idempotency-Key made two tokens")
            }
            checkSigned(by: kid, reply)
            earlier.signed(token, kid: kid)
            return
        }
        mint.born.settle(.done, reply.ended)
        audit.expect("invite.created", target: id)
        guard let times = times(of: token), times.expiresAt.seconds == expiresAt.seconds, let kid = keyID(of: token)
        else { return violate("an invite's token that can not be read") }
        checkSigned(by: kid, reply)
        model.invites.append(
            ModelInvite(
                id: id,
                token: token,
                kid: kid,
                mint: mint,
                issuedAt: times.issuedAt,
                expiresAt: expiresAt
            )
        )
        if mint.idempotencyKey != nil, !reply.isReplay, dice.below(10) == 0 {
            // Whoever asks again without need gets the same.
            model.pending.append(mint)
        }
    }

    func makeSession() async {
        guard let key = anyKey() else { return }
        let campaign = dice.pick(Self.campaigns)
        let participant = "p\(dice.below(25))@example.com"
        let born = Fact(now)
        let body = #"{"campaign_id":"\#(campaign)","participant_email":"\#(participant)"}"#
        let reply = await ask(.post, "/v1/participant-tokens", body: body, key: key.secret)
        guard let reply, !reply.isUnknown else { return born.settle(.unsure, now) }
        switch reply.status {
        case 201:
            checkIssue(reply)
            if key.isDead(at: reply.began, on: nil) { violate("a key that had ended opened a session") }
            born.settle(.done, reply.ended)
            let lineage: [RevocationTarget] = [.participant(participant), .campaign(campaign), .key(key.id)]
            guard let session = session(reply, nonce: nil, born: born, lineage: lineage) else { return }
            audit.expect("session.created", target: session.id)
            model.sessions.append(session)
        case 401:
            if !key.mayBeDead(at: reply.ended, latest: latest) { violate("a good key was refused") }
        case 503: break
        default: violate("a session was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    // MARK: Looking

    /// An acknowledged invite exists until it is swept, and shows what was done with it.
    func readInvite() async {
        guard let invite = recent(model.invites, 200) else { return }
        guard let reply = await ask(.get, "/v1/invites/\(invite.id)", key: admin) else { return }
        switch reply.status {
        case 200:
            let isSame =
                reply["campaign_id"] == invite.mint.campaign && reply["participant_email"] == invite.mint.participant
                && reply.time("expires_at") == invite.expiresAt
            if !isSame { violate("invite \(invite.id) is another than it was") }
            let uses = Int(reply.json?["uses"]?.integer ?? -1)
            let atLeast = invite.exchanges.count { $0.fact.holds(at: reply.began, on: nil) }
            if uses < atLeast || uses > min(invite.mint.maxUses, invite.usesAtMost(at: reply.ended)) {
                violate("invite \(invite.id) says \(uses) uses, of which \(atLeast) were acknowledged")
            }
            let isDead = model.isDead(invite.lineage, born: invite.mint.born, at: reply.began, on: reply.replica)
            // Where its own time is over, what covered it may have been forgotten.
            let isShown = reply["status"] == "revoked" || latest >= invite.expiresAt && reply["status"] != "pending"
            if isDead, !isShown { violate("a revoked invite is \(reply["status"] ?? "nothing")") }
        case 404:
            if latest < invite.expiresAt.adding(seconds: 30 * 86_400) { violate("invite \(invite.id) is gone") }
        case 503: break
        default: violate("reading an invite was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    /// However often it was asked for, one wish made one invite.
    func listInvites() async {
        guard let invite = recent(model.invites.filter { $0.mint.tries > 1 }) ?? recent(model.invites) else { return }
        let end = invite.expiresAt.adding(seconds: 30 * 86_400)
        guard latest < end else { return }
        var found: [String] = []
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let target = "/v1/invites?limit=100&participant_email=\(invite.mint.participant)\(more)"
            guard let reply = await ask(.get, target, key: admin), reply.status == 200, let json = reply.json else {
                return
            }
            for item in json["data"]?.elements ?? []
            where item["metadata"]?["number"]?.string == "\(invite.mint.number)" {
                found.append(item["id"]?.string ?? "")
            }
            cursor = json["next_cursor"]?.string
        } while cursor != nil
        guard latest < end, invite.mint.born.state == .done else { return }
        if found != [invite.id] { violate("mint \(invite.mint.number) made \(found) and answered \(invite.id)") }
    }

    /// The verify route says of a token what validation says.
    func verifyToken() async {
        guard let token = recent(model.tokens, 100) else { return }
        let body = #"{"token":"\#(token.text)"}"#
        guard let reply = await ask(.post, "/v1/tokens/verify", body: body, key: admin) else { return }
        guard reply.status == 200, let isValid = reply.json?["valid"]?.boolean else { return }
        judge(token, reply, isAccepted: isValid, code: reply["code"])
    }
}
