package import HTTPServer
package import InviteStore
import Platform

/// Decides whether a request carries a usable API key, and what it may do with it.
///
/// The order is fixed: shape and checksum, the keyed look-up, the key's state, the deployment's environment, browser
/// evidence, the client's address, the rate, the scope. Everything up to the environment fails with one and the same
/// 401, so that nobody learns which keys exist.
package struct Authenticator: Sendable {
    let directory: APIKeyDirectory
    private let addresses: AddressLimiter
    let workspaces: WorkspaceDirectory
    let events: SecurityEvents
    /// Nil where keys of both environments are served.
    let environment: DeploymentEnvironment?

    package init(
        directory: APIKeyDirectory,
        addresses: AddressLimiter,
        workspaces: WorkspaceDirectory,
        events: SecurityEvents,
        environment: DeploymentEnvironment?
    ) {
        self.directory = directory
        self.addresses = addresses
        self.workspaces = workspaces
        self.events = events
        self.environment = environment
    }

    /// The caller and its rate, or the problem to answer with; the rate is there as soon as the key is known.
    package func authenticate(
        _ call: Call,
        needs scope: Scope
    ) async throws -> (outcome: Result<Principal, Problem>, rate: RateState?) {
        let secret: APIKeySecret
        switch Self.presentedKey(call.request) {
        case .success(let presented): secret = presented
        case .failure(let problem):
            if problem.code == .unauthorized { return (.failure(try refuse(call, problem)), nil) }
            return (.failure(problem), nil)
        }
        let digest = directory.digest(of: secret)
        var key = directory.cached(digest)
        if key == nil { key = try await directory.load(digest) }
        guard let key else {
            return (.failure(try refuse(call, .unauthorized("unknown key"))), nil)
        }
        let record = key.record
        guard key.isActive(at: call.now) else {
            await events.record(.authFailed, call, tenant: record.tenant, key: record.id, reason: "key not active")
            return (.failure(try refuse(call, .unauthorized("key \(record.id) is not active"))), nil)
        }
        guard environment == nil || record.tenant.environment == environment else {
            return (.failure(try refuse(call, .unauthorized("key of the other environment"))), nil)
        }
        return try await admit(call, key, scope)
    }

    /// What is asked of a key that is genuine and active.
    private func admit(
        _ call: Call,
        _ key: AuthenticatedKey,
        _ scope: Scope
    ) async throws -> (outcome: Result<Principal, Problem>, rate: RateState?) {
        let record = key.record
        let limit = try await workspaces.settings(of: record.tenant.workspace).requestsPerMinute
        let rate = key.meter.count(limit: limit, now: call.now)
        if call.request.fields.count(of: "origin") > 0 || call.request.fields.count(of: "sec-fetch-site") > 0 {
            await events.record(.keyInBrowser, call, tenant: record.tenant, key: record.id, reason: "browser request")
            let text = "A secret API key came from a browser. Keys must stay on servers: revoke this one."
            return (.failure(Problem(.keyInBrowser, text)), rate)
        }
        guard key.allows(call.request.clientAddress) else {
            await events.record(.addressRefused, call, tenant: record.tenant, key: record.id, reason: "address")
            let text = "This API key may not be used from this address."
            return (.failure(Problem(.ipNotAllowed, text)), rate)
        }
        guard rate.isAllowed else {
            let text = "More than \(rate.limit) requests in this minute. Wait until it is over."
            let wait = Int(rate.resetSeconds - call.now.seconds)
            return (.failure(Problem(.rateLimited, text, retryAfterSeconds: max(1, wait))), rate)
        }
        guard key.scopes.contains(scope) else {
            let text = "Your API key does not have permission to access this resource: it needs \(scope.text)."
            return (.failure(Problem(.insufficientScope, text, scope: scope.text)), rate)
        }
        guard !scope.needsAdmin || record.kind != .standard else {
            return (.failure(Problem(.forbidden, "This action needs a key of kind admin.")), rate)
        }
        await events.record(.authSucceeded, call, tenant: record.tenant, key: record.id, reason: scope.text)
        return (.success(Principal(key: key)), rate)
    }

    /// A refused credential counts against the client's address; beyond its limit the answer is 429.
    private func refuse(_ call: Call, _ problem: Problem) throws -> Problem {
        guard addresses.admits(call.request.clientAddress, now: call.now) else {
            return Problem(
                .rateLimited,
                "Too many refused credentials from this address.",
                privateReason: problem.privateReason,
                retryAfterSeconds: addresses.secondsToReset(now: call.now)
            )
        }
        return problem
    }

    /// The one key of the request, from `Authorization: Bearer` or `x-api-key`.
    package static func presentedKey(_ request: HTTPRequest) -> Result<APIKeySecret, Problem> {
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
        guard let secret = APIKeySecret(presented: Array(presented)) else {
            return .failure(.unauthorized("malformed key or wrong checksum"))
        }
        return .success(secret)
    }

    /// The credentials after `Bearer` (RFC 6750 section 2.1; the scheme is case-insensitive, RFC 9110 section 11.1).
    package static func bearer(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let scheme: StaticString = "bearer "
        let length = scheme.utf8CodeUnitCount
        guard value.count > length else { return nil }
        for offset in 0..<length where unsafe value[value.startIndex + offset] | 0x20 != scheme.utf8Start[offset] {
            return nil
        }
        let credentials = value[(value.startIndex + length)...]
        return credentials.contains(UInt8(ascii: " ")) ? nil : credentials
    }
}
