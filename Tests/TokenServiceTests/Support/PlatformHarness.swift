import HTTPServer
import InviteStore
import StrictJSON
import Testing

@testable import TokenService

/// A key as the answer that made it told of it.
struct MadeKey: Sendable {
    let id: String
    let secret: String
}

/// What the operator and a platform key do.
extension ServiceHarness {
    /// Makes a platform key as the operator's command line does.
    func platformKey(
        scopes: [String]? = nil,
        environment: DeploymentEnvironment? = nil,
        more: String = ""
    ) async throws -> MadeKey {
        let all = Scope.ownResources.sorted().flatMap { resource in
            Scope.Action.allCases.map { "\(resource):\($0.rawValue)" }
        }
        let list = (scopes ?? all).map { "\"\($0)\"" }.joined(separator: ",")
        let body = #"{"name":"ats","kind":"platform","scopes":[\#(list)]\#(more)}"#
        let answer = await asOperator(.post, "/v1/api-keys", body: body, environment: environment)
        return MadeKey(
            id: try #require(answer["id"], "\(answer.text)"),
            secret: try #require(answer["secret"], "\(answer.text)")
        )
    }

    /// Sends one request as the operator of the deployment.
    func asOperator(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        environment: DeploymentEnvironment? = nil
    ) async -> Answer {
        let request = HTTPRequest(
            method: method,
            target: target,
            fields: HTTPRequestFields(body == nil ? [] : [("Content-Type", "application/json")]),
            body: Array((body ?? "").utf8)
        )
        let principal = Principal(operatorIn: .deployment(environment ?? setup.environment), minting: nil)
        return Answer(await application.respond(to: request, as: principal))
    }

    /// Makes a workspace with a platform key and gives its id.
    func makeWorkspace(
        _ platform: MadeKey,
        slug: String,
        plan: String = "enterprise",
        settings: String = "{}"
    ) async throws -> String {
        let body = #"{"name":"Workspace \#(slug)","slug":"\#(slug)","plan":"\#(plan)","settings":\#(settings)}"#
        let answer = await send(.post, "/v1/workspaces", body: body, key: platform.secret)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer["id"])
    }

    /// Makes a key in a workspace with a platform key: an admin key with every scope of the workspace, unless said.
    func makeKey(
        in workspace: String,
        _ platform: MadeKey,
        scopes: [String] = Scope.allOfWorkspace.map(\.text),
        more: String = #","kind":"admin""#
    ) async throws -> MadeKey {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        let answer = await send(
            .post,
            "/v1/api-keys?workspace_id=\(workspace)",
            body: #"{"name":"made","scopes":[\#(list)]\#(more)}"#,
            key: platform.secret
        )
        return MadeKey(
            id: try #require(answer["id"], "\(answer.text)"),
            secret: try #require(answer["secret"], "\(answer.text)")
        )
    }

    /// The workspace that the harness began with.
    var firstWorkspace: String { TypeID.text(.workspace, setup.workspace) }
}

extension Answer {
    /// The body without what differs in every answer: the request's id.
    var comparable: String {
        text.replacing(/req_[0-9a-z]{26}/, with: "req_")
    }
}
