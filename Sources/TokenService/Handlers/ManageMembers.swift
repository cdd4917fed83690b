import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

extension Services {
    /// `GET /v1/members`: newest first; `workspace_id` those with a role in it, `email` the one that has it.
    func listMembers(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        let page = try cursors.page(call, list: "members", tenant: principal.tenant)
        var workspace: RecordID?
        if let text = call.query["workspace_id"] {
            workspace = TypeID.parse(.workspace, text)
            guard workspace != nil else { throw Problem.invalid("workspace_id", "workspace_id must be an id.") }
        }
        var found: Page<MemberRecord>
        if let text = call.query["email"] {
            let index = console.secrets.addressIndex(of: try MemberRequest.email(text))
            let member = page.before == nil ? try await store.member(.address(index)) : nil
            let isWanted = workspace.map { id in member?.memberships.contains { $0.workspace == id } == true } ?? true
            found = Page(records: isWanted ? member.map { [$0] } ?? [] : [], next: nil)
        } else {
            found = try await store.members(of: workspace, page: page)
        }
        return try Responses.list(
            found,
            cursor: { cursors.text($0, list: "members", tenant: principal.tenant) }
        ) { member, writer in
            try write(member, to: &writer)
        }
    }

    /// `GET /v1/members/{id}`.
    func getMember(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try memberAnswer(200, try await member(call))
    }

    /// `POST /v1/members`: somebody who may sign in from then on.
    func createMember(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        try await idempotently(call, principal) { result in
            guard let id = RecordID(bytes: result), let member = try await store.member(.id(id)) else {
                throw Problem.notFound("the recorded member is gone")
            }
            return try memberAnswer(201, member)
        } effect: { ticket in
            let asked = try MemberRequest.new(call.request)
            guard let email = asked.email, let password = asked.password, let memberships = asked.memberships else {
                throw Problem.internalError("a member without an address")
            }
            try Self.requireReach(principal, memberships)
            try await requireWorkspaces(memberships)
            let hash = try await console.passwords.hash(password)
            let id = identifiers.next(at: call.now)
            let now = UnixTime(seconds: call.now.seconds)
            let member = MemberRecord(
                id: id,
                address: console.secrets.addressIndex(of: email),
                sealedAddress: try console.secrets.seal(email, of: id),
                sealedPassword: try console.secrets.seal(hash, of: id),
                memberships: memberships,
                createdAt: now,
                passwordChangedAt: now
            )
            let command = CreateMember(
                member: member,
                by: principal.key?.record.id,
                claim: ticket?.claim(result: id.bytes, now: call.now),
                now: call.now,
                audit: memberAudit("member.created", member, call, actor: principal.actor)
            )
            switch try await store.createMember(command) {
            case .done(.created): return .done(try memberAnswer(201, member))
            case .done(.addressTaken): throw Problem(.conflict, "Another member has this address.", param: "email")
            case .done(.keyNotActive): throw Problem.unauthorized("the key was ended while the request ran")
            case .replay(let result): return .replay(result: result)
            case .mismatch: return .mismatch
            }
        }
    }

    /// `PATCH /v1/members/{id}`: changes what the body names.
    ///
    /// A new password, `disabled` and `end_sessions` end every session of the member with the change. Where another
    /// change was quicker, this one is decided anew.
    func changeMember(_ call: Call, _ principal: Principal) async throws -> HTTPResponse {
        var before = try await member(call)
        let asked = try MemberRequest.change(call.request, of: console.secrets.address(of: before))
        try Self.requireReach(principal, before.memberships + (asked.memberships ?? []))
        try await requireWorkspaces(asked.memberships ?? [])
        var hash: PasswordHash?
        if let password = asked.password { hash = try await console.passwords.hash(password) }
        for _ in 0..<ServiceLimits.memberChangeTriesMax {
            try Self.requireReach(principal, before.memberships)
            var after = before
            if let memberships = asked.memberships { after.memberships = memberships }
            if let isDisabled = asked.isDisabled { after.disabledAt = isDisabled ? before.disabledAt ?? call.now : nil }
            if let hash {
                after.sealedPassword = try console.secrets.seal(hash, of: before.id)
                after.passwordChangedAt = UnixTime(seconds: call.now.seconds)
            }
            let drafts = changeAudit(before, after, asked, call, principal)
            // Where nothing changes the store decides all the same: a change of unknown outcome that lands later is overtaken
            // by this answer, or this one is decided anew on what that left.
            let command = ChangeMember(
                member: after,
                by: principal.key?.record.id,
                endsSessions: hash != nil || after.disabledAt != nil || asked.endsSessions,
                now: call.now,
                audit: drafts
            )
            switch try await store.changeMember(command) {
            case .changed: return try memberAnswer(200, after)
            case .keyNotActive: throw Problem.unauthorized("the key was ended while the request ran")
            case .stale: before = try await member(call)
            }
        }
        throw Problem(.conflict, "The member is being changed by others at the same time. Try again.")
    }

    private func member(_ call: Call) async throws -> MemberRecord {
        guard let text = call.pathParameters.first, let id = TypeID.parse(.member, text),
            let member = try await store.member(.id(id))
        else { throw Problem.notFound() }
        return member
    }

    private func requireWorkspaces(_ memberships: [Membership]) async throws {
        for membership in memberships where try await workspaces.find(membership.workspace) == nil {
            throw Problem.invalid("workspace_id", "roles name a workspace that does not exist.")
        }
    }

    /// Refuses a change of somebody who may do what the caller may not.
    ///
    /// A member has no end, no addresses and both environments, so a key must be as free, and hold every scope of the
    /// roles. The operator is bound by none of it.
    private static func requireReach(_ principal: Principal, _ memberships: [Membership]) throws(Problem) {
        guard let maker = principal.maker else { return }
        let key = maker.record
        guard key.tenant.environment == .live, key.expiresAt == nil, key.ipAllowlist.isEmpty,
            key.allowedOrigins.isEmpty
        else {
            throw Problem(
                .forbidden,
                "Members are changed by the operator, or with a platform key of the live environment that has no end, no "
                    + "address list and no origins."
            )
        }
        for membership in memberships where !maker.scopes.isSuperset(of: membership.role.scopes) {
            throw Problem(.forbidden, "A member's role can not be wider than the key that changes it.", param: "roles")
        }
    }
}

// MARK: - Answers and events

extension Services {
    private func memberAnswer(_ status: Int, _ member: MemberRecord) throws -> HTTPResponse {
        try Responses.json(status) { try write(member, to: &$0) }
    }

    private func write(_ member: MemberRecord, to writer: inout JSONWriter) throws {
        guard let address = console.secrets.address(of: member) else {
            throw Problem.internalError("the address of \(TypeID.text(.member, member.id)) can not be read")
        }
        writer.member("id", .member, member.id)
        writer.member("email", address.text)
        writer.member("status", member.disabledAt == nil ? "active" : "disabled")
        writer.name("roles")
        writer.beginArray()
        for membership in member.memberships {
            writer.beginObject()
            writer.member("workspace_id", .workspace, membership.workspace)
            writer.member("role", membership.role.rawValue)
            writer.endObject()
        }
        writer.endArray()
        writer.member("created_at", time: member.createdAt)
        writer.member("password_changed_at", time: member.passwordChangedAt)
    }

    /// One event for each trail of each workspace that the member has a role in, so that its admins see who may enter;
    /// one of the deployment's where there is none.
    func memberAudit(
        _ type: String,
        _ member: MemberRecord,
        besides others: [Membership] = [],
        _ call: Call,
        actor: String,
        detail: [(StaticString, String)] = []
    ) -> [AuditDraft] {
        var tenants: [Tenant?] = []
        let environments = environment.map { [$0] } ?? DeploymentEnvironment.allCases
        for workspace in Set((member.memberships + others).map(\.workspace)).sorted() {
            tenants += environments.map { Tenant(workspace: workspace, environment: $0) }
        }
        if tenants.isEmpty { tenants = [nil] }
        return tenants.map { tenant in
            let own = member.memberships.first { $0.workspace == tenant?.workspace }
            return audit.draft(
                type,
                call,
                tenant: tenant,
                actor: actor,
                target: TypeID.text(.member, member.id),
                detail: [("role", own?.role.rawValue ?? "none")] + detail
            )
        }
    }

    /// The events of a change; none where nothing changes.
    private func changeAudit(
        _ before: MemberRecord,
        _ after: MemberRecord,
        _ asked: MemberRequest,
        _ call: Call,
        _ principal: Principal
    ) -> [AuditDraft] {
        var types: [String] = []
        if before.memberships != after.memberships { types.append("member.roles_changed") }
        if before.sealedPassword != after.sealedPassword { types.append("member.password_changed") }
        if before.disabledAt == nil, after.disabledAt != nil { types.append("member.disabled") }
        if before.disabledAt != nil, after.disabledAt == nil { types.append("member.enabled") }
        if types.isEmpty, asked.endsSessions { types.append("member.signed_out") }
        return types.flatMap {
            memberAudit($0, after, besides: before.memberships, call, actor: principal.actor)
        }
    }
}
