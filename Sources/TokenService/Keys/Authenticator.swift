package import HTTPServer
package import InviteStore
import Platform

/// What a request's credential came to.
package struct Authentication: Sendable {
    /// The caller, or the problem to answer with.
    package let outcome: Result<Principal, Problem>
    /// There as soon as the key is known to be genuine and active.
    package let rate: RateState?
    /// The key whose use the request counts as, together with ``rate``.
    package let key: AuthenticatedKey?

    /// Nothing that is known and active was presented.
    static func refused(_ problem: Problem) -> Authentication {
        Authentication(outcome: .failure(problem), rate: nil, key: nil)
    }
}

/// Decides whether a request carries a usable API key, and what it may do with it.
///
/// The order is fixed: shape and checksum, the keyed look-up, the key's state, the deployment's environment, browser
/// evidence, the client's address, the rate, the scope. Everything up to the environment fails with one and the same
/// 401, so that nobody learns which keys exist.
package final class Authenticator: Sendable {
    let directory: APIKeyDirectory
    let imports: ImportedKeys
    private let addresses: AddressLimiter
    let workspaces: WorkspaceDirectory
    let events: SecurityEvents
    /// Nil where keys of both environments are served.
    let environment: DeploymentEnvironment?

    package init(
        directory: APIKeyDirectory,
        imports: ImportedKeys,
        addresses: AddressLimiter,
        workspaces: WorkspaceDirectory,
        events: SecurityEvents,
        environment: DeploymentEnvironment?
    ) {
        self.directory = directory
        self.imports = imports
        self.addresses = addresses
        self.workspaces = workspaces
        self.events = events
        self.environment = environment
    }

    /// The caller and its rate, or the problem to answer with; the rate is there as soon as the key is known.
    ///
    /// Without a scope, as for a path that is none, any genuine key will do.
    package func authenticate(
        _ call: Call,
        needs scope: Scope?
    ) async throws -> Authentication {
        let presented: [UInt8]
        switch Self.presentedKey(call.request) {
        case .success(let bytes): presented = Array(bytes)
        case .failure(let problem):
            if problem.code == .unauthorized { return .refused(await refuse(call, problem)) }
            return .refused(problem)
        }
        return try await authenticate(presented, call, needs: scope)
    }

    /// The same for a key that stands elsewhere in the request.
    func authenticate(_ presented: [UInt8], _ call: Call, needs scope: Scope?) async throws -> Authentication {
        guard let secret = secret(presented) else {
            return .refused(await refuse(call, .unauthorized("malformed key or wrong checksum")))
        }
        guard let key = try await find(secret, call) else {
            return .refused(await refuse(call, .unauthorized("unknown key"), prefix: secret.prefix))
        }
        let record = key.record
        guard key.isActive(at: call.now) else {
            await events.record(.authFailed, call, tenant: record.tenant, key: record.id, reason: "key not active")
            if record.revokedAt != nil {
                let reason = "a revoked key is still in use"
                await events.record(.revokedKey, call, tenant: record.tenant, key: record.id, reason: reason)
            }
            // The bare id: a sentence around it would take longer than the look-up in vain of a key that never was.
            return .refused(await refuse(call, .unauthorized(TypeID.text(.apiKey, record.id)), key: record))
        }
        guard environment == nil || record.tenant.environment == environment else {
            return .refused(await refuse(call, .unauthorized("key of the other environment"), key: record))
        }
        return try await admit(call, key, scope)
    }

    /// The key that a presented text is, whatever its state; nil where there is none.
    package func find(_ presented: [UInt8], _ call: Call) async throws -> AuthenticatedKey? {
        guard let secret = secret(presented) else { return nil }
        return try await find(secret, call)
    }

    /// A presented text as a key: with a right checksum, or with the prefix of imported keys.
    func secret(_ presented: [UInt8]) -> APIKeySecret? {
        APIKeySecret(presented: presented) ?? imports.secret(presented)
    }

    private func find(_ secret: APIKeySecret, _ call: Call) async throws -> AuthenticatedKey? {
        let digest = directory.digest(of: secret)
        if let key = directory.cached(digest) { return key }
        if let key = try await directory.load(digest) { return key }
        guard try await imports.settle(secret, digest, call) else { return nil }
        return try await directory.load(digest)
    }

    /// Asks the store whether a key still is what it was when its request came in; 401 where it was ended or suspended
    /// meanwhile.
    package func confirm(_ key: AuthenticatedKey, _ call: Call) async throws {
        let stored = try await directory.stored(key)
        guard let stored, stored.revokedAt == nil, stored.suspendedAt == nil else {
            throw Problem.unauthorized("key \(TypeID.text(.apiKey, key.record.id)) was ended while the request ran")
        }
    }

    /// What is asked of a key that is genuine and active.
    private func admit(
        _ call: Call,
        _ key: AuthenticatedKey,
        _ scope: Scope?
    ) async throws -> Authentication {
        let record = key.record
        let settings = try await workspaces.settings(of: record.tenant)
        let rate = try await key.meter.counted(limit: settings.requestsPerMinute, now: call.now)
        func refused(_ problem: Problem) -> Authentication {
            Authentication(outcome: .failure(problem), rate: rate, key: key)
        }
        if Self.isFromBrowser(call.request) {
            await events.record(.keyInBrowser, call, tenant: record.tenant, key: record.id, reason: "browser request")
            let text = "A secret API key came from a browser. Keys must stay on servers: revoke this one."
            await events.refused(call, key: record)
            return refused(Problem(.keyInBrowser, text))
        }
        guard key.allows(call.request.clientAddress) else {
            await events.record(.addressRefused, call, tenant: record.tenant, key: record.id, reason: "address")
            let text = "This API key may not be used from this address."
            await events.refused(call, key: record)
            return refused(Problem(.ipNotAllowed, text))
        }
        guard rate.isAllowed else {
            let text = "More than \(rate.limit) requests in this minute. Wait until it is over."
            let wait = max(1, Int(rate.resetSeconds - call.now.seconds))
            // Some clients know 403 alone; `Retry-After` still tells them how long.
            let code: ProblemCode = settings.rateLimitIsForbidden ? .forbidden : .rateLimited
            return refused(Problem(code, text, retryAfterSeconds: wait))
        }
        let principal = Principal(key: key, mintingAllowed: settings.mintingAllowed)
        guard let scope else { return Authentication(outcome: .success(principal), rate: rate, key: key) }
        guard key.scopes.contains(scope) else {
            let text = "Your API key does not have permission to access this resource: it needs \(scope.text)."
            return refused(Problem(.insufficientScope, text, scope: scope.text))
        }
        guard !scope.needsAdmin || record.kind != .standard else {
            return refused(Problem(.forbidden, "This action needs a key of kind admin."))
        }
        await events.record(.authSucceeded, call, tenant: record.tenant, key: record.id, reason: scope.text)
        return Authentication(outcome: .success(principal), rate: rate, key: key)
    }

    /// A refused credential counts against the client's address, one that was good once against itself; beyond the limit
    /// the answer is 429.
    private func refuse(
        _ call: Call,
        _ problem: Problem,
        key: APIKeyRecord? = nil,
        prefix: String? = nil
    ) async -> Problem {
        await events.refused(call, key: key, prefix: prefix)
        guard addresses.admits(call.request.clientAddress, presenting: key?.id, now: call.now) else {
            return Problem(
                .rateLimited,
                "Too many refused credentials from this address.",
                privateReason: problem.privateReason,
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        return problem
    }

    /// Whether the request says that a browser made it (Fetch Metadata; RFC 6454 section 7).
    static func isFromBrowser(_ request: HTTPRequest) -> Bool {
        request.fields.count(of: "origin") > 0 || request.fields.count(of: "sec-fetch-site") > 0
    }

    /// The one key of the request, from `Authorization: Bearer` or `x-api-key`.
    package static func presentedKey(_ request: HTTPRequest) -> Result<ArraySlice<UInt8>, Problem> {
        let fields = request.fields
        guard fields.count(of: "authorization") <= 1, fields.count(of: "x-api-key") <= 1 else {
            return .failure(Problem(.invalidRequest, "Send the API key once."))
        }
        var presented = fields.firstBytes("x-api-key")
        if let value = fields.firstBytes("authorization") {
            guard let credentials = bearer(value) else {
                return .failure(.unauthorized("Authorization is not Bearer"))
            }
            if let other = presented, other != credentials {
                let text = "Authorization and x-api-key carry different keys. Send one of them."
                return .failure(Problem(.invalidRequest, text))
            }
            presented = credentials
        }
        guard let presented else { return .failure(.unauthorized("no key")) }
        return .success(presented)
    }

    /// The credentials after `Bearer` (RFC 6750 section 2.1; the scheme is case-insensitive, RFC 9110 section 11.1).
    package static func bearer(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        credentials(value, scheme: "bearer ")
    }

    /// The credentials after a scheme, which is given in lower case and with its space.
    static func credentials(_ value: ArraySlice<UInt8>, scheme: StaticString) -> ArraySlice<UInt8>? {
        let length = scheme.utf8CodeUnitCount
        guard value.count > length else { return nil }
        for offset in 0..<length where unsafe value[value.startIndex + offset] | 0x20 != scheme.utf8Start[offset] {
            return nil
        }
        let credentials = value[(value.startIndex + length)...]
        let space = ByteScan.firstIndex(of: UInt8(ascii: " "), in: credentials.span, from: 0)
        return space == nil ? credentials : nil
    }
}
