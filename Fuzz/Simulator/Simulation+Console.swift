import HTTPServer
import Platform
import StrictJSON
import TestSupport
import TokenService

/// Where a request comes from that has somebody's cookie.
enum ConsolePage: CaseIterable {
    /// A page of the service's own.
    case own
    /// A page that does not know the session's token.
    case withoutToken
    /// A page that knows the token of another session.
    case otherToken
    /// A page of another origin.
    case foreign
}

/// What signed-in members do, and what others try with their cookies.
extension Simulation {
    /// Somebody who is signed in, or does so now, asks for a few things.
    func actAsMember() async {
        if openSessions.isEmpty { await signIn() }
        for _ in 0...dice.below(3) {
            guard let session = recent(openSessions, 12) else { return }
            await act(session)
        }
    }

    private func act(_ session: ModelConsoleSession) async {
        let slug = dice.below(5) == 0 ? Self.slugs[1] : Self.slugs[0]
        switch dice.below(14) {
        case 0..<3: await readInvites(session, slug)
        case 3: await readSession(session)
        case 4..<9: await mint(as: session)
        case 9: await changePolicy(as: session)
        case 10: await actAsPlatform(session)
        case 11: await forge(session)
        default: await signOut(session)
        }
    }

    /// Somebody tries a session that is over, or may be.
    func useEndedSession() async {
        let over = allSessions.filter { latest < $0.expiresAt && $0.mayBeOver(at: now, latest: latest) }
        guard let session = recent(over, 12) ?? recent(allSessions) else { return }
        await act(session)
    }

    /// A member works all day, longer than a session lasts, and pauses for less than half an hour at a time.
    func workAllDay() {
        let member = model.members.first { !$0.isDisabled.possible(now, now).contains(true) }
        guard let member else { return }
        start { await self.signIn(member) }
        settle()
        for _ in 0..<40 {
            guard let session = member.sessions.last else { return }
            advance(milliseconds: 1_200_000)
            if replicas.count > 1 { tellOthers(asks: true) }
            start { await self.readSession(session) }
            settle()
        }
    }

    private var allSessions: [ModelConsoleSession] {
        model.members.flatMap(\.sessions).sorted { $0.born.began.tick < $1.born.began.tick }
    }

    /// Those that have to be good.
    private var openSessions: [ModelConsoleSession] {
        allSessions.filter { !$0.mayBeOver(at: now, latest: latest) }
    }

    /// A session of the member that should be open; nil where there is none.
    func openSession(of member: ModelMember) -> ModelConsoleSession? {
        recent(member.sessions.filter { !$0.mayBeOver(at: now, latest: latest) })
    }

    // MARK: Asking

    /// Sends a request with the session's cookie, and holds the answer against what is known of the session.
    ///
    /// - Parameter slug: of the workspace that the request names; nil for a request about none.
    func ask(
        _ method: HTTPMethod,
        _ path: String,
        body: String? = nil,
        as session: ModelConsoleSession,
        in slug: String? = nil,
        from page: ConsolePage = .own,
        fields more: [(String, String)] = []
    ) async -> Reply? {
        var fields = more + [("Cookie", session.cookie)]
        switch page {
        case .own, .withoutToken, .otherToken: fields.append(("Origin", Self.issuer))
        case .foreign: fields.append(("Origin", "https://elsewhere.example.com"))
        }
        if method != .get {
            switch page {
            case .own, .foreign: fields.append(("X-CSRF-Token", session.forgeryToken))
            case .otherToken:
                let other = allSessions.last { $0 !== session }
                fields.append(("X-CSRF-Token", other?.forgeryToken ?? freshNonce()))
            case .withoutToken: break
            }
        }
        let named = slug.map { path + (path.contains("?") ? "&" : "?") + "accountSlug=\($0)&environment=test" }
        latest = max(latest, time.now())
        let lastUse = session.usedAtMost
        let number = nextNumber()
        session.use(number, at: latest)
        let reply = await ask(method, named ?? path, body: body, fields: fields)
        if let reply { report.consoleStatuses[reply.status, default: 0] += 1 }
        guard let reply, reply.status != 503, reply.code != "origin_not_allowed" else { return reply }
        if reply.status == 401 {
            session.takeBack(number)
            if !session.mayBeOver(at: reply.ended, latest: latest) {
                violate("a good session of the console was refused")
            }
            return reply
        }
        if let end = session.end(reply, lastUse: lastUse) {
            violate("a session of the console was good after \(end)")
        }
        if !reply.isExcused {
            session.usedAtLeast = max(session.usedAtLeast, reply.began.wall.adding(seconds: -60))
        }
        return reply
    }

    /// Holds an answer against the member's role; true where the request was let through to what it asked for.
    ///
    /// - Parameter needed: the lowest role that may do it; nil where no member may.
    func isLetThrough(
        _ reply: Reply?,
        _ session: ModelConsoleSession,
        in slug: String,
        needs needed: ModelRole?
    ) -> Bool {
        guard let reply, reply.status != 401, reply.status != 503 else { return false }
        let roles = session.member.roles.possible(for: reply).map { $0[slug] }
        let allows = { (role: ModelRole?) in role.flatMap { role in needed.map { role >= $0 } } ?? false }
        guard needed != nil else {
            if reply.status != 403 { violate("a member was answered with \(reply.status), and nobody may do that") }
            return false
        }
        if reply.status == 404 {
            if !roles.contains(nil) { violate("a workspace did not know its member") }
            return false
        }
        if reply.code == "insufficient_scope" {
            if roles.allSatisfy(allows) { violate("a member was refused what its role allows") }
            return false
        }
        if !roles.contains(where: allows) { violate("a member did what its role does not allow") }
        return true
    }

    // MARK: What they do

    private func readInvites(_ session: ModelConsoleSession, _ slug: String) async {
        let reply = await ask(.get, "/v1/invites?limit=1", as: session, in: slug)
        guard isLetThrough(reply, session, in: slug, needs: .viewer), let reply else { return }
        guard reply.status == 200, let found = reply.json?["data"]?.elements else {
            return violate("a member's list was answered with \(reply.status) \(reply.code ?? "")")
        }
        if slug != Self.slugs[0], !found.isEmpty { violate("a workspace shows another one's invites") }
    }

    private func readSession(_ session: ModelConsoleSession) async {
        let reply = await ask(.get, "/v1/console/sessions", as: session)
        guard let reply, reply.status != 401, reply.status != 503 else { return }
        guard reply.status == 200, let token = reply["csrf_token"], reply.time("expires_at") == session.expiresAt,
            reply.json?["member"]?["id"]?.string == session.member.id
        else { return violate("a session of the console is another than it was") }
        session.forgeryToken = token
        checkListed(session.member, reply)
    }

    /// What only platform keys may do is no member's, whatever its role.
    private func actAsPlatform(_ session: ModelConsoleSession) async {
        let slug = Self.slugs[0]
        let body = #"{"name":"Mine","slug":"mine-\#(nextNumber())"}"#
        let reply =
            dice.below(2) == 0
            ? await ask(.get, "/v1/members", as: session, in: slug)
            : await ask(.post, "/v1/workspaces", body: body, as: session, in: slug)
        _ = isLetThrough(reply, session, in: slug, needs: nil)
    }

    /// A page that is not ours has a member's browser change something.
    private func forge(_ session: ModelConsoleSession) async {
        let page = dice.pick(ConsolePage.allCases.filter { $0 != .own })
        let body = #"{"invite":{"max_seconds":60}}"#
        let reply = await ask(.put, "/v1/policies", body: body, as: session, in: Self.slugs[0], from: page)
        guard let reply, ![401, 403, 503].contains(reply.status) else { return }
        violate("a forged request was answered with \(reply.status)")
    }
}
