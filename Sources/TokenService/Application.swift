package import HTTPServer
import InviteStore
import Platform
import Telemetry

/// The service as the HTTP server sees it: a request in, an answer out.
///
/// Adds what every answer has (`Request-Id`, `nosniff`, rate and CORS fields), finds the route, checks who is calling,
/// and turns every failure into one problem.
package final class Application: HTTPResponder {
    package let services: Services
    package let table: RouteTable
    private let everyAnswer: HTTPFieldLines
    let busyAnswers = BusyAnswers()

    /// `isSecure` says that clients reach this listener over TLS: answers then tell browsers to stay with it for a year
    /// (RFC 6797).
    package init(services: Services, routes: [Route], isSecure: Bool = false) {
        self.services = services
        table = RouteTable(routes)
        var lines: [(StaticString, String)] = [("X-Content-Type-Options", "nosniff")]
        if isSecure { lines.append(("Strict-Transport-Security", "max-age=31536000")) }
        everyAnswer = HTTPFieldLines(lines)
    }

    package func bodyBytesMax(method: HTTPMethod, path: String) -> Int {
        if case .route(let route, _) = table.match(method, path) { return route.bodyBytesMax }
        return ServiceLimits.bodyBytesMax
    }

    package func response(to rejection: HTTPRejection, of request: HTTPRequest?) -> HTTPResponse {
        let id = services.identifiers.next(at: services.time.now())
        guard let request else { return failure(Problem(rejection), TypeID.text(.request, id), accept: nil) }
        var route: Route?
        if case .route(let found, _) = table.match(request.method, request.path) { route = found }
        return finish(Problem(rejection), request, id, on: route)
    }

    package func respond(to request: HTTPRequest) -> HTTPReply {
        let (now, lag) = services.time.read()
        let id = services.identifiers.next(at: now)
        let route: Route
        let parameters: [String]
        switch table.match(request.method, request.path) {
        case .route(let found, let values): (route, parameters) = (found, values)
        case .methodNotAllowed(let allow):
            return stray(request, id, now, otherwise: otherMethod(request, id, allow))
        case .none: return stray(request, id, now, otherwise: finish(.notFound("no route"), request, id))
        }
        if let hindrance = hindrance(route, lagMilliseconds: lag) {
            return .now(finish(Problem(hindrance), request, id, on: route))
        }
        let call: Call
        do {
            let query = try request.query.map { query throws(Problem) in try QueryParameters(parsing: query) }
            call = Call(
                request: request,
                id: id,
                now: now,
                pathParameters: parameters,
                query: query ?? QueryParameters()
            )
        } catch {
            guard case .keyed = route.handler else { return .now(finish(error, request, id, on: route)) }
            // Whoever holds a key gets its rate with this answer, too.
            let call = Call(request: request, id: id, now: now, pathParameters: [], query: QueryParameters())
            return .later { [self] in
                await keyed(route, call, since: services.directory.changes, refusal: error) { _, _ in throw error }
            }
        }
        return answer(route, call)
    }

    /// What keeps a route from answering truly; nil where nothing does.
    private func hindrance(_ route: Route, lagMilliseconds lag: Int64) -> Readiness.Hindrance? {
        if route.needsClock {
            if lag > ServiceClock.lagMillisecondsMax { return .clockBehind(lag) }
            // By a clock that is off no token is too old or too new, and no key over: neither yes nor no would be true.
            if services.store.isClockOff { return .clock }
        }
        return route.needsKeys && services.issuance.keyrings.isOverdue ? .signingKeys : nil
    }

    /// The answer to a path or method that is none; where an API key came with it, the answer has the key's rate.
    private func stray(
        _ request: HTTPRequest,
        _ id: RecordID,
        _ now: UnixTime,
        otherwise answer: HTTPResponse
    ) -> HTTPReply {
        guard case .success(let presented) = Authenticator.presentedKey(request),
            services.authenticator.secret(Array(presented)) != nil,
            // Nobody is judged by a clock that can not be right.
            !services.time.isBehind, !services.store.isClockOff
        else { return .now(answer) }
        let call = Call(request: request, id: id, now: now, pathParameters: [], query: QueryParameters())
        return .later { [self] in
            guard let checked = try? await services.authenticator.authenticate(call, needs: nil) else { return answer }
            var response = answer
            if case .failure(let problem) = checked.outcome, problem.code != .unauthorized {
                response = finish(problem, request, id)
            }
            if let rate = checked.rate { Self.apply(rate, now: now, to: &response) }
            return response
        }
    }

    private func answer(_ route: Route, _ call: Call) -> HTTPReply {
        switch route.handler {
        case .immediate(let handler):
            do {
                try call.query.allow(route.parameters)
                return .now(finish(try handler(call), call.id))
            } catch {
                let problem = Self.problem(error)
                let isNews = problem.unproven.map { services.events.isNews($0, now: call.now) } ?? false
                guard isNews || leakedKey(problem, call, on: route) != nil else {
                    return .now(finish(problem, call.request, call.id, on: route))
                }
                return .later { [self] in await refuse(problem, call, on: route) }
            }
        case .waiting(let handler):
            return .later { [self] in
                do {
                    try call.query.allow(route.parameters)
                    return finish(try await handler(call), call.id)
                } catch {
                    return await refuse(Self.problem(error), call, on: route)
                }
            }
        case .keyed(let handler):
            let changes = services.directory.changes
            if case .apiKey(let scope) = route.access,
                let caller = services.authenticator.authenticateAtOnce(call, needs: scope)
            {
                return .later { [self] in
                    var response = await answer(route, call, caller.principal, since: changes, handler)
                    Self.apply(caller.rate, now: call.now, to: &response)
                    count(response, of: caller.principal.key, call)
                    return response
                }
            }
            return .later { [self] in await keyed(route, call, since: changes, handler) }
        }
    }

    /// What a browser showed in place of a token, where that may be a secret API key of ours.
    private func leakedKey(_ problem: Problem, _ call: Call, on route: Route) -> [UInt8]? {
        guard route.isWidget, problem.code == .invalidToken, Authenticator.isFromBrowser(call.request)
        else { return nil }
        if let key = problem.presentedKey { return key }
        guard case .success(let presented) = Authenticator.presentedKey(call.request) else { return nil }
        let bytes = Array(presented)
        return services.authenticator.secret(bytes) == nil ? nil : bytes
    }

    /// The answer to a widget request that was refused, after the owner of a token without its key was told, or the owner of
    /// an API key that has come into a browser.
    private func refuse(_ problem: Problem, _ call: Call, on route: Route) async -> HTTPResponse {
        if let use = problem.unproven {
            await services.events.unproven(use, call, reason: problem.privateReason ?? "no proof of its key")
        }
        if let key = leakedKey(problem, call, on: route),
            let checked = try? await services.authenticator.authenticate(key, call, needs: nil),
            case .failure(let other) = checked.outcome, other.code == .keyInBrowser,
            // In a body it is no credential, and no token either: the answer stays what it was.
            problem.presentedKey == nil
        {
            var response = finish(other, call.request, call.id, on: route)
            if let rate = checked.rate { Self.apply(rate, now: call.now, to: &response) }
            count(response, of: checked.key, call)
            return response
        }
        return finish(problem, call.request, call.id, on: route)
    }

    private func keyed(
        _ route: Route,
        _ call: Call,
        since changes: UInt64,
        refusal: Problem? = nil,
        _ handler: @Sendable (Call, Principal) async throws -> HTTPResponse
    ) async -> HTTPResponse {
        var rate: RateState?
        var key: AuthenticatedKey?
        var response: HTTPResponse
        do {
            guard case .apiKey(let scope) = route.access else {
                throw Problem.internalError("a keyed handler on a route without a scope")
            }
            let checked =
                SessionCookie.isAlone(call.request.fields)
                ? try await services.console.authenticate(call, on: route, refusal: refusal)
                : try await services.authenticator.authenticate(call, needs: scope)
            rate = checked.rate
            key = checked.key
            let principal = try checked.outcome.get()
            if let refusal { throw refusal }
            response = await answer(route, call, principal, since: changes, handler)
        } catch {
            response = finish(Self.problem(error), call.request, call.id, on: route)
        }
        if let rate { Self.apply(rate, now: call.now, to: &response) }
        count(response, of: key, call)
        return response
    }

    /// Counts an answered request as use of its key.
    private func count(_ response: HTTPResponse, of key: AuthenticatedKey?, _ call: Call) {
        guard let key else { return }
        services.usage.requested(key.record.tenant, apiKey: key.record.id, status: response.status, now: call.now)
    }

    /// Runs the handler for a caller that was good when `changes` was the number of changes of keys.
    private func answer(
        _ route: Route,
        _ call: Call,
        _ principal: Principal,
        since changes: UInt64,
        _ handler: @Sendable (Call, Principal) async throws -> HTTPResponse
    ) async -> HTTPResponse {
        do {
            try call.query.allow(route.parameters)
            var principal = principal
            if route.isDeploymentWide || principal.tenant.isDeployment || !call.query.pairs.isEmpty {
                principal = try await services.located(principal, route, call)
            }
            if route.mints, !principal.mintingAllowed { throw Problem.paymentRequired }
            let response = try await handler(call, principal)
            // What a key did is settled in its transaction; what it only read must not reach one that ended meanwhile.
            if services.directory.changes != changes, route.isReading, let key = principal.key {
                try await services.authenticator.confirm(key, call)
            }
            return finish(response, call.id)
        } catch {
            return finish(Self.problem(error), call.request, call.id, on: route)
        }
    }

    /// Runs a backend route for somebody who was authenticated elsewhere: the operator at the command line.
    package func respond(to request: HTTPRequest, as principal: Principal) async -> HTTPResponse {
        let (now, lag) = services.time.read()
        let id = services.identifiers.next(at: now)
        do {
            guard lag <= ServiceClock.lagMillisecondsMax else { throw Problem.clockBehind(lagMilliseconds: lag) }
            guard case .route(let route, let parameters) = table.match(request.method, request.path),
                case .keyed(let handler) = route.handler
            else { throw Problem.notFound("no such backend route") }
            if route.needsKeys, services.issuance.keyrings.isOverdue { throw Problem(.signingKeys) }
            let query = try request.query.map { query throws(Problem) in try QueryParameters(parsing: query) }
            let call = Call(
                request: request,
                id: id,
                now: now,
                pathParameters: parameters,
                query: query ?? QueryParameters()
            )
            try call.query.allow(route.parameters)
            if route.mints, !principal.mintingAllowed { throw Problem.paymentRequired }
            return finish(try await handler(call, principal), id)
        } catch {
            return finish(Self.problem(error), request, id)
        }
    }

    private static let requestIDName = HTTPFieldName("Request-Id")
    private static let limitName = HTTPFieldName("X-RateLimit-Limit")
    private static let remainingName = HTTPFieldName("X-RateLimit-Remaining")
    private static let resetName = HTTPFieldName("X-RateLimit-Reset")
    private static let policyName = HTTPFieldName("RateLimit-Policy")
    private static let rateName = HTTPFieldName("RateLimit")

    private static func apply(_ rate: RateState, now: UnixTime, to response: inout HTTPResponse) {
        let (limit, remaining) = (Int64(rate.limit), Int64(rate.remaining))
        response.append(limitName) { $0.integer(limit) }
        response.append(remainingName) { $0.integer(remaining) }
        response.append(resetName) { $0.integer(rate.resetSeconds) }
        response.append(policyName) { value in
            value.text("\"key\";q=")
            value.integer(limit)
            value.text(";w=60")
        }
        response.append(rateName) { value in
            value.text("\"key\";r=")
            value.integer(remaining)
            value.text(";t=")
            value.integer(max(0, rate.resetSeconds - now.seconds))
        }
    }

    /// 405, or the answer to a preflight where the path is a widget's.
    private func otherMethod(_ request: HTTPRequest, _ id: RecordID, _ allow: String) -> HTTPResponse {
        if request.method == .options, allow.contains("OPTIONS") { return finish(CORS.preflight(allow: allow), id) }
        let problem = Problem(.methodNotAllowed, "This path does not know this method.", allow: allow)
        return finish(problem, request, id, isWidget: allow.contains("OPTIONS"))
    }

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as StoreError: Problem(error)
        case let refusal as TokenRefusal: Problem(refusal, kind: .participant)
        default: .internalError("\(error)")
        }
    }

    func finish(_ response: HTTPResponse, _ id: RecordID) -> HTTPResponse {
        var response = response
        response.append(Self.requestIDName) { value in
            value.characters(TypeID.count(.request)) { TypeID.write(.request, id, to: &$0) }
        }
        response.append(everyAnswer)
        return response
    }

    private func finish(
        _ problem: Problem,
        _ request: HTTPRequest,
        _ id: RecordID,
        on route: Route? = nil,
        isWidget: Bool = false
    ) -> HTTPResponse {
        let accept = request.fields.first("accept")
        var response = failure(
            problem,
            TypeID.text(.request, id),
            accept: accept,
            form: route?.problemForm ?? .envelope
        )
        if isWidget || route?.isWidget == true {
            CORS.apply(problem.code == .originNotAllowed ? .refused : .anyOrigin, to: &response)
        }
        return response
    }

    private func failure(
        _ problem: Problem,
        _ requestID: String,
        accept: String?,
        form: ProblemForm = .envelope
    ) -> HTTPResponse {
        services.metrics.answered(problem.code)
        if problem.code.status >= 500 {
            services.log.error(
                "request failed",
                [
                    "request_id": .string(requestID), "code": .string(problem.code.rawValue),
                    "reason": .string(problem.privateReason ?? ""),
                ]
            )
        } else {
            services.log.info(
                "request refused",
                [
                    "request_id": .string(requestID), "code": .string(problem.code.rawValue),
                    "reason": .string(problem.privateReason ?? problem.message),
                ]
            )
        }
        var response = ProblemRenderer.response(problem, requestID: requestID, accept: accept, form: form)
        response.append("Request-Id", requestID)
        response.append(everyAnswer)
        return response
    }
}

extension Route {
    /// True where a key needs no more than a scope to read.
    fileprivate var isReading: Bool { if case .apiKey(let scope) = access { scope.action == .read } else { false } }

    var isWidget: Bool { if case .widget = access { true } else { false } }
}
