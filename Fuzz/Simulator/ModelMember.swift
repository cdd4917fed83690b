import Platform

/// What a member may do in one workspace, as the documents have it: each role may do all that the one before it may.
enum ModelRole: String, Comparable, CaseIterable {
    case viewer
    case `operator`
    case security

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    static func < (left: ModelRole, right: ModelRole) -> Bool { left.rank < right.rank }
}

/// What somebody set again and again, and what it may be now.
struct ModelSetting<Value: Equatable> {
    private var writes: [(fact: Fact, value: Value)] = []

    mutating func set(_ value: Value, _ fact: Fact) { writes.append((fact, value)) }

    /// What it may be for a request: what was set, and nothing acknowledged came after.
    func possible(_ began: Moment, _ ended: Moment) -> [Value] {
        writes.filter { write in
            write.fact.mayHold(at: ended) && !writes.contains { isOver(write.fact, $0.fact, at: began) }
        }.map(\.value)
    }

    func possible(for reply: Reply) -> [Value] { possible(reply.began, reply.ended) }

    /// Forgets what something else took the place of for good.
    mutating func trim(_ now: Moment) {
        writes = writes.filter { write in
            write.fact.state != .never && !writes.contains { isOver(write.fact, $0.fact, at: now) }
        }
    }

    private func isOver(_ old: Fact, _ new: Fact, at moment: Moment) -> Bool {
        new.holds(at: moment, on: nil) && old.precedes(new)
    }
}

/// Somebody who signs in to the console.
///
/// Nothing of members is remembered by a replica: what was acknowledged holds at all of them from the next request on.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ModelMember: @unchecked Sendable {
    let number: Int
    /// As it was asked to be made, to be asked again where nobody heard.
    let body: String
    let born: Fact
    /// Nil until it was acknowledged.
    var id: String?
    var tries = 0
    /// Every password that somebody set or tried to, the newest last.
    private(set) var passwords: [String]
    /// By the workspace's slug.
    var roles = ModelSetting<[String: ModelRole]>()
    private(set) var password = ModelSetting<String>()
    var isDisabled = ModelSetting<Bool>()
    /// What ends all sessions that were opened before.
    var endings: [Fact] = []
    /// Sign-ins that opened a session or may have.
    var signIns: [Fact] = []
    var sessions: [ModelConsoleSession] = []

    init(number: Int, roles: [String: ModelRole], password: String, body: String, born: Fact) {
        (self.number, self.body, self.born) = (number, body, born)
        passwords = []
        self.roles.set(roles, born)
        set(password: password, born)
        isDisabled.set(false, born)
    }

    var email: String { Self.email(number) }

    static func email(_ number: Int) -> String { "m\(number)@console.example.com" }

    func set(password text: String, _ fact: Fact) {
        password.set(text, fact)
        passwords = passwords.suffix(20) + [text]
    }

    func trim(_ now: Moment) {
        roles.trim(now)
        password.trim(now)
        isDisabled.trim(now)
        sessions = sessions.suffix(40)
        endings = endings.filter { $0.state != .never }.suffix(100)
        signIns = signIns.filter { $0.state != .never }.suffix(200)
    }
}

/// A session of the console that was acknowledged.
///
/// Safe because: everything of a simulation runs on its one thread.
final class ModelConsoleSession: @unchecked Sendable {
    static let seconds: Int64 = 12 * 3600
    static let idleSeconds: Int64 = 1_800
    /// A member has so many at most.
    static let countMax = 10

    unowned let member: ModelMember
    /// What it was opened with.
    let password: String
    let cookie: String
    var forgeryToken: String
    let born: Fact
    let expiresAt: UnixTime
    /// Somebody signed out, or signed in anew with the same browser.
    var endings: [Fact] = []
    /// The latest use that is certain to be known, to the minute.
    var usedAtLeast: UnixTime
    /// Requests with the cookie, at the latest time that they may have been taken for.
    private var uses: [(request: Int, at: UnixTime)] = []

    init(
        of member: ModelMember,
        password: String,
        cookie: String,
        forgeryToken: String,
        born: Fact,
        expiresAt: UnixTime,
        openedAtLatest: UnixTime
    ) {
        (self.member, self.password) = (member, password)
        (self.cookie, self.forgeryToken, self.born, self.expiresAt) = (cookie, forgeryToken, born, expiresAt)
        usedAtLeast = born.began.wall
        uses = [(0, openedAtLatest)]
    }

    /// The cookie's value.
    var secret: String { String(cookie.drop { $0 != "=" }.dropFirst()) }

    /// The latest use there may have been.
    var usedAtMost: UnixTime { uses.map(\.at).max() ?? born.began.wall }

    /// A request begins.
    func use(_ request: Int, at time: UnixTime) { uses = uses.suffix(40) + [(request, time)] }

    /// It was refused, and counts for nothing.
    func takeBack(_ request: Int) { uses.removeAll { $0.request == request } }

    /// Why a request must be refused by what was acknowledged before it; nil where it need not be.
    ///
    /// - Parameter lastUse: the latest that there may have been before it.
    func end(_ reply: Reply, lastUse: UnixTime) -> String? {
        let began = reply.began
        if endings.contains(where: { $0.holds(at: began, on: nil) }) { return "its end" }
        if member.endings.contains(where: { $0.holds(at: began, on: nil) && born.isBefore($0) }) {
            return "all sessions of the member were ended"
        }
        // Whichever of the two came first: it is refused, or ended.
        if !member.password.possible(for: reply).contains(password) { return "its password was changed" }
        if member.isDisabled.possible(for: reply).allSatisfy({ $0 }) { return "the member was disabled" }
        if began.wall >= expiresAt { return "its time was over" }
        if began.wall >= lastUse.adding(seconds: Self.idleSeconds) { return "half an hour without a request" }
        return nil
    }

    /// True where it may be refused by `moment`, the latest time that any clock showed being `latest`.
    func mayBeOver(at moment: Moment, latest: UnixTime) -> Bool {
        if latest >= expiresAt || latest >= usedAtLeast.adding(seconds: Self.idleSeconds) { return true }
        if endings.contains(where: { $0.mayHold(at: moment) }) { return true }
        // The store did what was asked before in its order: what came before the sign-in did not end it.
        if member.endings.contains(where: { $0.mayHold(at: moment) && !$0.precedes(born) }) { return true }
        if member.isDisabled.possible(moment, moment).contains(true) { return true }
        // What counts is when they began, by clocks that may be some seconds apart.
        let near = born.began.wall.adding(seconds: -10)
        return member.signIns.count { signIn in
            signIn.mayHold(at: moment) && (!signIn.precedes(born) || signIn.began.wall > near)
        } > Self.countMax
    }
}

/// Tries to sign in at one process, as far as limits on guessing are about them.
struct ModelGuess {
    static let windowSeconds: Int64 = 900
    /// Failures for one member from one address in a window.
    static let countMax = 10

    let process: Int
    let address: String
    let email: String
    let window: Int64
    /// The tick of its answer.
    let answered: Int
    /// True where the try was answered as wrong, and no clock was past the window.
    let isCounted: Bool
}
