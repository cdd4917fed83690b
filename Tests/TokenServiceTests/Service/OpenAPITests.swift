import Foundation
import HTTPServer
import StrictJSON
import Testing

@testable import TokenService

@Suite("openapi.yaml and the route table")
struct OpenAPITests {
    /// `METHOD path` and the scopes of its `bearerKey`, as the file has them.
    private static func described() throws -> [String: Set<String>] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "openapi.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        var operations: [String: Set<String>] = [:]
        var path: String?
        var operation: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.isEmpty, !line.hasPrefix(" ") {
                (path, operation) = (nil, nil)
            } else if line.hasPrefix("  /"), line.hasSuffix(":") {
                (path, operation) = (String(line.dropFirst(2).dropLast()), nil)
            } else if let path, line.hasPrefix("    "), !line.hasPrefix("     "), line.hasSuffix(":") {
                let name = line.dropFirst(4).dropLast()
                guard ["get", "put", "post", "patch", "delete", "head", "options"].contains(name) else { continue }
                operation = name.uppercased() + " " + path
                operations[name.uppercased() + " " + path] = []
            } else if let operation, line.contains("bearerKey: [") {
                let scopes = line.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
                operations[operation, default: []].formUnion(scopes.map(String.init))
            }
        }
        return operations
    }

    private static func served() async throws -> [String: Set<String>] {
        var operations: [String: Set<String>] = [:]
        for route in try await ServiceHarness().application.table.routes {
            var scopes: Set<String> = []
            if case .apiKey(let scope) = route.access { scopes = [scope.text] }
            operations[route.method.name + " " + route.template] = scopes
        }
        return operations
    }

    @Test("Every route is described")
    func described() async throws {
        let described = try Self.described()
        for operation in try await Self.served().keys { #expect(described[operation] != nil, "\(operation)") }
    }

    @Test("Every description has its route")
    func routed() async throws {
        let served = try await Self.served()
        let described = try Self.described()
        #expect(described.count > 20)
        for operation in described.keys { #expect(served[operation] != nil, "\(operation)") }
    }

    @Test("Both name the same scope")
    func scopes() async throws {
        let served = try await Self.served()
        for (operation, scopes) in try Self.described() { #expect(served[operation] == scopes, "\(operation)") }
    }

    @Test("S15, S04: every route that acts in a workspace is described with all names for it, and no other route is")
    func workspaces() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "openapi.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        let routes = try await ServiceHarness().application.table.routes.filter {
            if case .apiKey = $0.access { !$0.isDeploymentWide } else { false }
        }
        let names = WorkspaceSelection.parameters + WorkspaceSelection.consoleParameters
        for (name, parameter) in zip(["Workspace", "Company", "AccountSlug", "Environment"], names) {
            #expect(routes.allSatisfy { $0.parameters.contains(parameter) })
            let reference = "- $ref: \"#/components/parameters/\(name)\""
            let named = text.components(separatedBy: reference).count - 1
            #expect(named == routes.count, "\(parameter)")
        }
        #expect(text.components(separatedBy: "- consoleSession: [\"").count - 1 == routes.count)
    }

    @Test("No route stands twice")
    func unique() async throws {
        let routes = try await ServiceHarness().application.table.routes
        #expect(Set(routes.map { $0.method.name + " " + $0.template }).count == routes.count)
    }

    @Test("The served description is the file")
    func served() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "openapi.yaml")
        let answer = try await ServiceHarness().send(.get, "/openapi.yaml")
        #expect(answer.status == 200)
        #expect(answer.response.body == [UInt8](try Data(contentsOf: file)))
    }
}
