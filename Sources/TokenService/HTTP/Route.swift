package import HTTPServer

/// Who may call a route.
package enum RouteAccess: Sendable {
    /// Anybody; what is sent in proves itself.
    case open
    /// An API key that holds the scope.
    case apiKey(Scope)
    /// A widget: no key, CORS applies.
    case widget
}

extension RouteAccess {
    fileprivate var isOpen: Bool { if case .open = self { true } else { false } }
    fileprivate var isWidget: Bool { if case .widget = self { true } else { false } }
}

/// What answers a route.
package enum RouteHandler: Sendable {
    /// Answers at once, on the event loop, without waiting for anything.
    case immediate(@Sendable (Call) throws -> HTTPResponse)
    /// May wait for the store.
    case waiting(@Sendable (Call) async throws -> HTTPResponse)
    /// Answers an API key; may wait for the store.
    case keyed(@Sendable (Call, Principal) async throws -> HTTPResponse)
}

/// One operation: a method, a path template such as `/v1/invites/{id}`, who may call it, and what answers.
package final class Route: Sendable {
    package let method: HTTPMethod
    package let template: String
    package let access: RouteAccess
    /// The query parameters it knows; any other is refused.
    ///
    /// A backend route knows those that name a workspace or its environment, too, unless it stands above all workspaces.
    package let parameters: [String]
    /// True where it is about the deployment: platform keys alone may call it, and name no workspace.
    package let isDeploymentWide: Bool
    /// True where it makes something that a plan may forbid (402).
    package let mints: Bool
    package let bodyBytesMax: Int
    /// True where the answer depends on what time it is: with a clock that can not be right it is 503.
    package let needsClock: Bool
    /// True where tokens are signed or taken: with signing keys that are not the deployment's any more it is 503.
    package let needsKeys: Bool
    /// How its requests fare when more is asked than can be done.
    package let urgency: HTTPUrgency
    package let handler: RouteHandler
    package let problemForm: ProblemForm

    package init(
        _ method: HTTPMethod,
        _ template: String,
        _ access: RouteAccess,
        parameters: [String] = [],
        isDeploymentWide: Bool = false,
        mints: Bool = false,
        bodyBytesMax: Int = ServiceLimits.bodyBytesMax,
        needsClock: Bool? = nil,
        needsKeys: Bool = false,
        urgency: HTTPUrgency? = nil,
        problemForm: ProblemForm = .envelope,
        _ handler: RouteHandler
    ) {
        self.method = method
        self.template = template
        self.access = access
        self.parameters =
            if case .apiKey = access, !isDeploymentWide {
                parameters + WorkspaceSelection.parameters + WorkspaceSelection.consoleParameters
            } else {
                parameters
            }
        self.isDeploymentWide = isDeploymentWide
        self.mints = mints
        self.bodyBytesMax = bodyBytesMax
        // Whoever shows a key or a token is judged by the time; documents and health are not.
        self.needsClock = needsClock ?? !access.isOpen
        self.needsKeys = needsKeys || mints || access.isWidget
        // Documents are there already; who holds a token is to stay in, before anybody new comes in.
        self.urgency =
            if let urgency { urgency } else {
                switch (access, handler) {
                case (.open, .immediate): .always
                case (.widget, _): .high
                default: .normal
                }
            }
        self.handler = handler
        self.problemForm = problemForm
    }
}

/// Finds the route of a request.
///
/// Templates without parameters are found by one dictionary look-up of the whole path; the others by segments. `/api/v1/…` is
/// read as `/v1/…`, as the clients of one seed write it.
package struct RouteTable: Sendable {
    /// What a path leads to.
    package enum Match: Sendable {
        case route(Route, parameters: [String])
        /// The path exists, with other methods; the value is the `Allow` field.
        case methodNotAllowed(allow: String)
        case none
    }

    package let routes: [Route]
    private let exact: [String: [Route]]
    private let patterns: [(segments: [Substring], routes: [Route])]

    package init(_ routes: [Route]) {
        self.routes = routes
        let grouped = Dictionary(grouping: routes, by: \.template)
        exact = grouped.filter { !$0.key.contains("{") }
        patterns = grouped.filter { $0.key.contains("{") }
            .map { (Self.segments($0.key), $0.value) }
            .sorted { $0.segments.count < $1.segments.count }
    }

    package func match(_ method: HTTPMethod, _ path: String) -> Match {
        let path = Self.canonical(path)
        if let routes = exact[path] { return Self.choose(routes, method, []) }
        let segments = Self.segments(path)
        for pattern in patterns where pattern.segments.count == segments.count {
            var parameters: [String] = []
            let fits = zip(pattern.segments, segments).allSatisfy { expected, actual in
                if expected.first == "{" {
                    guard !actual.isEmpty, actual.utf8.count <= 200, let value = Self.decoded(actual) else {
                        return false
                    }
                    parameters.append(value)
                    return true
                }
                return expected == actual
            }
            if fits { return Self.choose(pattern.routes, method, parameters) }
        }
        return .none
    }

    /// The path as the templates have it.
    package static func canonical(_ path: String) -> String {
        // Nearly no path begins with "/a", and comparing prefixes of texts is dear.
        guard path.utf8.dropFirst().first == UInt8(ascii: "a"), path.hasPrefix("/api/v1/") else { return path }
        return String(path.dropFirst(4))
    }

    /// A segment as it was meant: many clients write `:` as `%3A` (RFC 3986 section 2.1); nil where it is no UTF-8.
    private static func decoded(_ segment: Substring) -> String? {
        guard segment.utf8.contains(UInt8(ascii: "%")) else { return String(segment) }
        return PercentEncoding.decode(segment)
    }

    private static func segments(_ path: String) -> [Substring] {
        path.split(separator: "/", maxSplits: 12, omittingEmptySubsequences: false)
    }

    private static func choose(_ routes: [Route], _ method: HTTPMethod, _ parameters: [String]) -> Match {
        let wanted = method == .head ? .get : method
        if let route = routes.first(where: { $0.method == wanted }) { return .route(route, parameters: parameters) }
        var names = routes.map(\.method.name)
        if names.contains("GET") { names.append("HEAD") }
        if routes.contains(where: { if case .widget = $0.access { true } else { false } }) { names.append("OPTIONS") }
        return .methodNotAllowed(allow: names.sorted().joined(separator: ", "))
    }
}
