import HTTPServer
import Platform
import StrictJSON
import TestSupport
import TokenService

/// How members come in and go out, and how strangers try to.
extension Simulation {
    private static let path = "/v1/console/sessions"
    private static let home = "192.0.2.1"
    /// Tries that are refused, from which on one more may be refused unheard: others may be under way at the same time.
    private static let triesOfMember = 4
    private static let triesOfAddress = 12

    func signIn() async {
        guard let member = recent(model.members) else { return }
        await signIn(member, inPlaceOf: dice.below(3) == 0 ? recent(member.sessions, 3) : nil)
    }

    /// A member signs in everywhere, more often than it may have sessions.
    func signInOften() async {
        guard let member = recent(model.members) else { return }
        for _ in 0...ModelConsoleSession.countMax { await signIn(member) }
    }

    /// A stranger tries one password after the other, those among them that were good once.
    func guess() async {
        guard let member = recent(model.members) else { return }
        let address = "203.0.113.\(dice.below(4))"
        let old = member.passwords.dropLast()
        for _ in 0..<ModelGuess.countMax + 2 {
            let password = dice.below(2) == 0 ? recent(Array(old)) : nil
            await signIn(member, with: password ?? "not the password \(nextNumber())", from: address)
        }
    }

    /// Signs in with the newest password, unless another is given.
    func signIn(
        _ member: ModelMember,
        with password: String? = nil,
        from address: String = home,
        inPlaceOf old: ModelConsoleSession? = nil
    ) async {
        guard let typed = password ?? member.passwords.last else { return }
        let fact = Fact(now)
        member.signIns.append(fact)
        old?.endings.append(fact)
        let fields = old.map { [("Cookie", $0.cookie)] } ?? []
        let body = #"{"email":"\#(member.email)","password":"\#(typed)"}"#
        latest = max(latest, time.now())
        let reply = await ask(.post, Self.path, body: body, fields: fields, from: address)
        fact.settle(reply, now, isDone: reply?.status == 201)
        guard let reply else { return }
        if reply.status != 201 { note(guessAt: member, from: address, reply) }
        switch reply.status {
        case 201:
            if !member.password.possible(for: reply).contains(typed) {
                violate("somebody signed in without the password")
            }
            if !member.isDisabled.possible(for: reply).contains(false) { violate("a disabled member signed in") }
            checkGuesses(at: member, from: address, reply)
            signedIn(member, typed, fact, reply)
        case 401:
            checkGuesses(at: member, from: address, reply)
            let isExplained =
                member.password.possible(for: reply).contains { $0 != typed }
                || member.isDisabled.possible(for: reply).contains(true)
            if !isExplained { violate("a member was not let in with its password") }
        case 429:
            let isExplained =
                model.guesses.count { $0.email == member.email } >= Self.triesOfMember
                || model.guesses.count { $0.address == address } >= Self.triesOfAddress
            if !isExplained { violate("a sign-in was one too many, and nobody had tried") }
        case 503: break
        default: violate("a sign-in was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    private func signedIn(_ member: ModelMember, _ password: String, _ fact: Fact, _ reply: Reply) {
        checkIssue(reply)
        let cookie = reply.response.field("Set-Cookie")?.prefix { $0 != ";" }
        guard let cookie, cookie.hasPrefix("__Host-session="), let token = reply["csrf_token"],
            let expiresAt = reply.time("expires_at"), reply.json?["member"]?["id"]?.string == member.id
        else { return violate("a sign-in was answered with something else") }
        let seconds = ModelConsoleSession.seconds
        let ends = reply.began.wall.adding(seconds: seconds - 1)...latest.adding(seconds: seconds)
        if !ends.contains(expiresAt) { violate("a session of the console ends at another time") }
        checkListed(member, reply)
        audit.expect("member.signed_in", request: reply.requestID, count: trails(of: reply))
        member.sessions.append(
            ModelConsoleSession(
                of: member,
                password: password,
                cookie: String(cookie),
                forgeryToken: token,
                born: fact,
                expiresAt: expiresAt,
                openedAtLatest: latest
            )
        )
    }

    /// The workspaces of an answer are those in which the member has a role.
    func checkListed(_ member: ModelMember, _ reply: Reply) {
        checkRoles(of: member, roles(in: reply.json?["workspaces"]) { $0["slug"]?.string }, reply)
    }

    func signOut(_ session: ModelConsoleSession) async {
        let fact = Fact(now)
        session.endings.append(fact)
        let reply = await ask(.delete, Self.path, as: session)
        fact.settle(reply, now, isDone: reply?.status == 204)
        guard let reply, ![204, 401, 503].contains(reply.status) else { return }
        violate("a sign-out was answered with \(reply.status) \(reply.code ?? "")")
    }

    // MARK: Guesses

    private func window(of reply: Reply) -> Int64 { reply.began.wall.seconds / ModelGuess.windowSeconds }

    private func note(guessAt member: ModelMember, from address: String, _ reply: Reply) {
        let window = window(of: reply)
        model.guesses.append(
            ModelGuess(
                process: reply.process,
                address: address,
                email: member.email,
                window: window,
                answered: reply.ended.tick,
                // Where a clock was ahead, another window was counted.
                isCounted: reply.status == 401 && latest.seconds / ModelGuess.windowSeconds == window
            )
        )
        model.guesses = model.guesses.suffix(300)
    }

    /// A process takes no more than so many tries before it says nothing more about a password.
    private func checkGuesses(at member: ModelMember, from address: String, _ reply: Reply) {
        let window = window(of: reply)
        guard latest.seconds / ModelGuess.windowSeconds == window else { return }
        let count = model.guesses.count { guess in
            guess.isCounted && guess.process == reply.process && guess.address == address && guess.email == member.email
                && guess.window == window && guess.answered < reply.began.tick
        }
        if count >= ModelGuess.countMax { violate("more passwords were tried than may be") }
    }
}
