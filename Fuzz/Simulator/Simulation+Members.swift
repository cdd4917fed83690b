import HTTPServer
import InviteStore
import Platform
import StrictJSON
import TestSupport
import TokenService

/// Who may sign in to the console: what the holder of a platform key does with members.
extension Simulation {
    /// The workspace that everything else is in, and one beside it in which nothing is.
    static let slugs = ["default", "other"]
    private static let membersMax = 5

    private struct Trouble: Error { let what: String }

    /// Makes the platform key, the second workspace, and the first members.
    func setUpMembers() throws {
        start { await self.makePlatformKey() }
        settle()
        start { await self.makeWorkspace() }
        settle()
        for _ in 0..<3 {
            start { await self.makeMember() }
            settle()
        }
        guard model.members.count == 3 else { throw Trouble(what: "no members") }
    }

    /// The operator makes the key at the command line: over the network nobody can.
    private func makePlatformKey() async {
        let scopes = Scope.allOfWorkspace.map(\.text) + ["workspaces:read", "workspaces:write"]
        let list = scopes.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        let request = HTTPRequest(
            method: .post,
            target: "/v1/api-keys",
            fields: HTTPRequestFields([("Content-Type", "application/json")]),
            body: Array(#"{"name":"console","kind":"platform","scopes":[\#(list)]}"#.utf8)
        )
        let operatorHere = Principal(operatorIn: .deployment(.live), minting: nil)
        let response = await processes.first?.application?.respond(to: request, as: operatorHere)
        let json = response.flatMap { try? JSONDocument(parsing: $0.body) }?.root
        guard let secret = json?["secret"]?.string else { return violate("no platform key") }
        platform = secret
    }

    private func makeWorkspace() async {
        let body = #"{"name":"Another workspace","slug":"\#(Self.slugs[1])","plan":"enterprise"}"#
        let reply = await ask(.post, "/v1/workspaces", body: body, key: platform)
        guard let id = reply?["id"] else { return violate("no second workspace: \(reply?.code ?? "")") }
        workspaces = [Self.slugs[0]: TypeID.text(.workspace, tenant.workspace), Self.slugs[1]: id]
    }

    // MARK: Making members

    func makeMemberIfFew() async {
        if !model.pendingMembers.isEmpty { return await makeMemberAgain() }
        if model.members.count < Self.membersMax { await makeMember() }
    }

    private func makeMember() async {
        let (number, roles, password) = (nextNumber(), drawRoles(), freshPassword())
        let body =
            #"{"email":"\#(ModelMember.email(number))","password":"\#(password)","roles":\#(text(of: roles))}"#
        await run(ModelMember(number: number, roles: roles, password: password, body: body, born: Fact(now)))
    }

    /// Asks again for a member of whom nobody heard, as long as the answer is remembered.
    private func makeMemberAgain() async {
        let member = model.pendingMembers.removeFirst()
        guard latest < member.born.began.wall.adding(seconds: 20 * 3600) else { return }
        await run(member)
    }

    private func run(_ member: ModelMember) async {
        member.tries += 1
        let fields = [("Idempotency-Key", "member-\(member.number)")]
        let reply = await ask(.post, "/v1/members", body: member.body, key: platform, fields: fields)
        guard let reply, !reply.isUnknown else {
            member.born.settle(.unsure, now)
            model.pendingMembers.append(member)
            return
        }
        switch reply.status {
        case 201: made(member, reply)
        case 503 where member.tries == 1: member.born.settle(.never, reply.ended)
        case 503: model.pendingMembers.append(member)
        default: violate("a member was answered with \(reply.status) \(reply.code ?? "")")
        }
    }

    private func made(_ member: ModelMember, _ reply: Reply) {
        member.born.settle(.done, reply.ended)
        guard let id = reply["id"], reply["email"] == member.email else { return violate("a member without an id") }
        member.id = id
        checkShown(member, reply.json, reply)
        if !reply.isReplay { audit.expect("member.created", request: reply.requestID, count: trails(of: reply)) }
        model.members.append(member)
    }

    // MARK: Changing members

    /// Changes one thing or two of a member; and takes it back, as a rule, where nobody knows whether it was done.
    func changeMember() async {
        guard let member = recent(model.members) else { return }
        let wasDisabled = member.isDisabled.possible(now, now).contains(true)
        let oldRoles = member.roles.possible(now, now).last
        let drawn = dice.below(10)
        let roles = drawn < 5 ? drawRoles() : nil
        // Somebody who can not sign in shows little.
        let isDisabled = wasDisabled && dice.below(2) == 0 ? false : drawn == 6 || drawn == 7 ? !wasDisabled : nil
        let state = await change(
            member,
            roles: roles,
            password: drawn == 4 || drawn == 5 ? freshPassword() : nil,
            isDisabled: isDisabled,
            endsSessions: drawn > 7
        )
        guard state == .unsure, dice.below(3) > 0 else { return }
        tick += 1
        await change(
            member,
            roles: roles == nil ? nil : oldRoles,
            isDisabled: isDisabled == nil ? nil : wasDisabled
        )
    }

    /// A password is changed while somebody signs in with the old one.
    func raceForPassword() async {
        guard let member = recent(model.members) else { return }
        let old = member.password.possible(now, now).last
        start { await self.signIn(member, with: old) }
        start { await self.change(member, password: self.freshPassword()) }
    }

    @discardableResult
    private func change(
        _ member: ModelMember,
        roles: [String: ModelRole]? = nil,
        password: String? = nil,
        isDisabled: Bool? = nil,
        endsSessions: Bool = false
    ) async -> Fact.State {
        guard let id = member.id else { return .never }
        let fact = Fact(now)
        var parts: [String] = []
        if let roles {
            parts.append(#""roles":\#(text(of: roles))"#)
            member.roles.set(roles, fact)
        }
        if let password {
            parts.append(#""password":"\#(password)""#)
            member.set(password: password, fact)
        }
        if let isDisabled {
            parts.append(#""disabled":\#(isDisabled)"#)
            member.isDisabled.set(isDisabled, fact)
        }
        if endsSessions { parts.append(#""end_sessions":true"#) }
        if endsSessions || password != nil || isDisabled == true { member.endings.append(fact) }
        let body = "{\(parts.joined(separator: ","))}"
        let reply = await ask(.patch, "/v1/members/\(id)", body: body, key: platform)
        fact.settle(reply, now, isDone: reply?.status == 200)
        switch reply?.status {
        case 200:
            guard let reply else { break }
            checkShown(member, reply.json, reply)
            if password != nil { audit.expectSome("member.password_changed", request: reply.requestID) }
        // Others changed the member again and again.
        case nil, 409, 503: break
        default: violate("a change of a member was answered with \(reply?.status ?? 0) \(reply?.code ?? "")")
        }
        return fact.state
    }

    /// A member who was acknowledged is there, as it was made and changed.
    func readMember() async {
        guard let member = recent(model.members), let id = member.id else { return }
        if dice.below(2) == 0 {
            guard let reply = await ask(.get, "/v1/members/\(id)", key: platform), reply.status != 503 else { return }
            guard reply.status == 200 else { return violate("member \(id) is gone") }
            return checkShown(member, reply.json, reply)
        }
        let target = "/v1/members?email=\(member.email)"
        guard let reply = await ask(.get, target, key: platform), reply.status != 503 else { return }
        guard let found = reply.json?["data"]?.elements, found.count == 1, found[0]["id"]?.string == id else {
            return violate("member \(id) is not listed, or not once")
        }
        checkShown(member, found[0], reply)
    }

    private func checkShown(_ member: ModelMember, _ shown: JSONValue?, _ reply: Reply) {
        let isDisabled = shown?["status"]?.string == "disabled"
        if !member.isDisabled.possible(for: reply).contains(isDisabled) {
            violate("member \(member.id ?? "") is \(isDisabled ? "disabled" : "not disabled")")
        }
        let slugs = Dictionary(workspaces.map { ($1, $0) }) { first, _ in first }
        let shownRoles = roles(in: shown?["roles"]) { $0["workspace_id"]?.string.flatMap { slugs[$0] } }
        checkRoles(of: member, shownRoles, reply)
    }

    // MARK: Roles

    private func drawRoles() -> [String: ModelRole] {
        let here = dice.pick([nil, .viewer, .operator, .operator, .security, .security] as [ModelRole?])
        let there = dice.pick([nil, nil, .viewer, .security] as [ModelRole?])
        return [Self.slugs[0]: here, Self.slugs[1]: there].compactMapValues(\.self)
    }

    private func text(of roles: [String: ModelRole]) -> String {
        let list = roles.sorted { $0.key < $1.key }.map { slug, role in
            #"{"workspace_id":"\#(workspaces[slug] ?? "")","role":"\#(role.rawValue)"}"#
        }
        return "[\(list.joined(separator: ","))]"
    }

    /// The roles of an answer by slug, which `slug` finds of each of them.
    func roles(in list: JSONValue?, by slug: (JSONValue) -> String?) -> [String: ModelRole] {
        var roles: [String: ModelRole] = [:]
        for element in list?.elements ?? [] {
            roles[slug(element) ?? "?"] = element["role"]?.string.flatMap { ModelRole(rawValue: $0) }
        }
        return roles
    }

    func checkRoles(of member: ModelMember, _ roles: [String: ModelRole], _ reply: Reply) {
        if !member.roles.possible(for: reply).contains(roles) {
            violate("member \(member.id ?? "") has the roles \(text(of: roles))")
        }
    }

    /// How many trails are told of a member with the roles of an answer: two for each workspace, or the deployment's.
    func trails(of reply: Reply) -> Int {
        let count = (reply.json?["roles"] ?? reply.json?["workspaces"])?.elements.count ?? 0
        return max(1, 2 * count)
    }

    private func freshPassword() -> String { "password \(nextNumber()) of a member" }
}
