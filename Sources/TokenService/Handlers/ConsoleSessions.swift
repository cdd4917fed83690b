import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON

extension Services {
    /// `POST /v1/console/sessions`: an address and a password become a session cookie.
    ///
    /// An unknown address, a wrong password and a disabled member get one answer after the same work.
    func signIn(_ call: Call) async throws -> HTTPResponse {
        let source = RequestSource(call.request, ownOrigin: console.ownOrigin)
        guard source == .own || source == .unknown else { throw Problem.foreignOrigin }
        let (address, password) = try Self.credentials(call)
        let before = try SessionCookie.presented(call.request.fields).flatMap(console.secrets.digest(ofCookie:))
        let index = console.secrets.addressIndex(of: address)
        let attempt = try console.limiter.begin(call.request.clientAddress, member: index, now: call.now)
        do {
            let member = try await checked(index, password, attempt)
            guard let member else {
                let pseudonym = console.secrets.pseudonym(of: address)
                await events.signInFailed(call, pseudonym: pseudonym)
                throw Problem(.unauthorized, "The e-mail address or the password is wrong.", privateReason: "sign-in")
            }
            let response = try await open(member, call, replacing: before)
            console.limiter.takeBack(attempt, succeeded: true)
            return response
        } catch let refusal as UncheckedPassword {
            console.limiter.takeBackWithoutRoom(attempt)
            throw refusal.problem
        } catch {
            // What was not checked was no guess.
            if (error as? Problem)?.code != .unauthorized { console.limiter.takeBack(attempt, succeeded: false) }
            throw error
        }
    }

    private static func credentials(_ call: Call) throws(Problem) -> (EmailAddress, SecretBytes) {
        var body = try BodyReader(call.request)
        let text = try body.requiredString("email", charactersMax: EmailAddress.bytesMax)
        let password = try body.requiredString("password", charactersMax: MemberPassword.bytesMax)
        try body.finish()
        guard let address = EmailAddress(text) else {
            throw .invalid("email", "email must be one ASCII e-mail address of at most 254 characters.")
        }
        return (address, SecretBytes(Array(password.utf8)))
    }

    /// Why a password was not checked, since there was no room for it.
    private struct UncheckedPassword: Error {
        let problem: Problem
    }

    /// The member whose address and password these are, and who may sign in; nil for nobody.
    private func checked(
        _ index: KeyedDigest16,
        _ password: SecretBytes,
        _ attempt: SignInLimiter.Try
    ) async throws -> MemberRecord? {
        let found = try await store.member(.address(index))
        var hash: PasswordHash?
        if let found {
            hash = console.secrets.passwordHash(of: found)
            if hash == nil { throw Problem.internalError("the password of \(found.id) can not be read") }
        }
        let matches: Bool
        do throws(Problem) {
            matches = try await console.passwords.matches(password, hash, for: attempt.claimant)
        } catch {
            throw UncheckedPassword(problem: error)
        }
        guard let found, matches, found.disabledAt == nil else { return nil }
        return found
    }

    /// Opens the session; where the member was changed since its password was checked, the change decides.
    private func open(_ checked: MemberRecord, _ call: Call, replacing before: [UInt8]?) async throws -> HTTPResponse {
        var member = checked
        for _ in 0..<ServiceLimits.memberChangeTriesMax {
            // All that can fail comes before: of a session that is open somebody must get the cookie.
            let shown = try await shown(member)
            let (secret, digest) = console.secrets.newSession()
            let session = MemberSession(
                digest: digest,
                member: member.id,
                createdAt: call.now,
                lastSeenAt: call.now,
                expiresAt: UnixTime(seconds: call.now.seconds).adding(seconds: ServiceLimits.sessionSeconds)
            )
            let command = OpenMemberSession(
                session: session,
                revision: member.revision,
                replaces: before,
                sessionsMax: ServiceLimits.sessionsOfMemberMax,
                now: call.now,
                audit: memberAudit("member.signed_in", member, call, actor: Self.actor(member))
            )
            if try await store.openMemberSession(command) {
                var response = answer(201, session, shown)
                response.append("Set-Cookie", SessionCookie.set(secret))
                return response
            }
            guard let now = try await store.member(.id(member.id)), now.disabledAt == nil,
                now.sealedPassword == checked.sealedPassword
            else { throw Problem.notSignedIn("the member was changed while it signed in") }
            member = now
        }
        throw Problem.unavailable("a member is changed again and again")
    }

    /// `GET /v1/console/sessions`: who is signed in, where they may act, and a fresh token against forgery.
    func readConsoleSession(_ call: Call) async throws -> HTTPResponse {
        let signedIn = try await console.session(call)
        _ = try console.count(call, signedIn.member.id)
        return answer(200, signedIn.session, try await shown(signedIn.member))
    }

    /// `DELETE /v1/console/sessions`: signs out; the cookie is worth nothing from then on.
    func signOut(_ call: Call) async throws -> HTTPResponse {
        let signedIn = try await console.session(call)
        _ = try console.count(call, signedIn.member.id)
        try console.requireIntent(call, signedIn)
        let member = signedIn.member
        let drafts = memberAudit("member.signed_out", member, call, actor: Self.actor(member))
        // False where it ended meanwhile, which is what was asked for.
        _ = try await store.changeMemberSession(digest: signedIn.session.digest, .end(audit: drafts), now: call.now)
        var response = Responses.noContent()
        response.append("Set-Cookie", SessionCookie.cleared)
        return response
    }

    private static func actor(_ member: MemberRecord) -> String { TypeID.text(.member, member.id) }

    /// What a member is shown of itself.
    private func shown(_ member: MemberRecord) async throws -> ShownMember {
        guard let address = console.secrets.address(of: member) else {
            throw Problem.internalError("the address of \(TypeID.text(.member, member.id)) can not be read")
        }
        var workspaces: [(WorkspaceRecord, MemberRole)] = []
        for membership in member.memberships {
            guard let record = try await store.workspace(membership.workspace) else { continue }
            workspaces.append((record, membership.role))
        }
        return ShownMember(id: member.id, address: address, workspaces: workspaces)
    }

    private func answer(_ status: Int, _ session: MemberSession, _ shown: ShownMember) -> HTTPResponse {
        Responses.json(status, isSecret: true) { writer in
            writer.member("csrf_token", console.secrets.forgeryToken(session: session.digest))
            writer.member("expires_at", time: session.expiresAt)
            writer.member("idle_timeout_seconds", ServiceLimits.sessionIdleSeconds)
            writer.name("member")
            writer.beginObject()
            writer.member("id", .member, shown.id)
            writer.member("email", shown.address.text)
            writer.endObject()
            writer.name("workspaces")
            writer.beginArray()
            for (record, role) in shown.workspaces {
                writer.beginObject()
                writer.member("id", .workspace, record.id)
                writer.member("slug", record.slug)
                writer.member("name", record.name)
                writer.member("role", role.rawValue)
                writer.endObject()
            }
            writer.endArray()
        }
    }
}

/// A member as the console shows it: the address, and the workspaces in which it may act.
private struct ShownMember {
    let id: RecordID
    let address: EmailAddress
    let workspaces: [(record: WorkspaceRecord, role: MemberRole)]
}
