import HTTPServer
import InviteStore
import Platform
import StrictJSON
import Telemetry

/// What a management command talks to: a running service, or a data directory whose service is not running.
///
/// Both take the same requests and give the same answers: the second runs the service's own handlers in this process,
/// as the operator.
protocol AdminTransport: Sendable {
    func send(_ method: HTTPMethod, _ target: String, body: [UInt8]?) async throws -> AdminAnswer
    func close() async
}

/// One answer, with its JSON parsed where it has any.
struct AdminAnswer: Sendable {
    let status: Int
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }

    /// The parsed body; nil where there is none.
    var json: JSONValue? {
        (try? JSONDocument(parsing: body, limits: JSONLimits(bytesMax: 16 << 20, valuesMax: 500_000)))?.root
    }

    /// The sentence of an error answer.
    var message: String {
        json?["error"]?["message"]?.string ?? "the service answered \(status)"
    }
}

/// Sends a management request and prints what came of it.
struct AdminClient: Sendable {
    let transport: any AdminTransport
    let printsJSON: Bool
    /// What every request adds to its query: the workspace that a platform key acts in.
    var workspaceQuery = ""

    /// Chooses the transport: `--url` (or `TOKENSERVICE_URL`) before `--data-dir`.
    ///
    /// `platform`: for what belongs to the deployment rather than to one workspace.
    static func open(_ arguments: Arguments, platform: Bool) async throws -> AdminClient {
        let printsJSON = arguments.has("json")
        if let url = arguments.value("url") {
            let key = try apiKey(arguments)
            guard let timeout = Durations.seconds(arguments.value("timeout") ?? "30s"), (1...600).contains(timeout)
            else { throw UsageError("--timeout must be from 1s to 600s") }
            let client = try RemoteTransport(url: url, key: key, timeoutSeconds: Int(timeout))
            var remote = AdminClient(transport: client, printsJSON: printsJSON)
            if !platform, let name = arguments.value("workspace") {
                remote.workspaceQuery = "workspace_id=" + PercentEncoding.encode(try await remote.workspaceID(name))
            }
            return remote
        }
        guard arguments.value("data-dir") != nil else {
            throw UsageError("name a service with --url, or a directory whose service is not running with --data-dir")
        }
        return AdminClient(
            transport: try await LocalTransport.open(arguments, platform: platform),
            printsJSON: printsJSON
        )
    }

    /// Sends one request; an error answer is printed and thrown as its exit code.
    func send(_ method: HTTPMethod, _ target: String, body: [UInt8]? = nil) async throws -> AdminAnswer {
        var target = target
        if !workspaceQuery.isEmpty { target += (target.contains("?") ? "&" : "?") + workspaceQuery }
        let answer = try await transport.send(method, target, body: body)
        guard answer.isSuccess else {
            if printsJSON { Console.print(String(decoding: answer.body, as: UTF8.self)) }
            Console.error("token-service: \(answer.message)")
            throw ExitCode(status: answer.status)
        }
        return answer
    }

    /// Runs `body` with an open client, and closes it whatever happens.
    static func run(
        _ arguments: Arguments,
        platform: Bool = false,
        _ body: (AdminClient) async throws -> ExitCode
    ) async throws -> ExitCode {
        let client = try await open(arguments, platform: platform)
        do {
            let code = try await body(client)
            await client.transport.close()
            return code
        } catch {
            await client.transport.close()
            throw error
        }
    }

    /// Every record of a list, page by page, to at most `limit`.
    func list(_ path: String, query: [(String, String)], limit: Int) async throws -> [JSONValue] {
        var records: [JSONValue] = []
        var cursor: String?
        repeat {
            var pairs = query + [("limit", String(min(100, limit - records.count)))]
            if let cursor { pairs.append(("cursor", cursor)) }
            let text = pairs.map { PercentEncoding.encode($0.0) + "=" + PercentEncoding.encode($0.1) }
                .joined(separator: "&")
            let page = try await send(.get, path + "?" + text)
            records += page.json?["data"]?.elements ?? []
            cursor = page.json?["next_cursor"]?.string
        } while cursor != nil && records.count < limit
        return records
    }

    /// The id of a workspace that was named by id or by slug.
    func workspaceID(_ name: String) async throws -> String {
        if TypeID.parse(.workspace, name) != nil { return name }
        let found = try await send(.get, "/v1/workspaces?slug=" + PercentEncoding.encode(name))
        guard let id = found.json?["data"]?.elements.first?["id"]?.string else {
            Console.error("token-service: there is no workspace \(name)")
            throw ExitCode.notFound
        }
        return id
    }

    /// The key of `--api-key-file` or `TOKENSERVICE_API_KEY`; never an argument, since arguments show in `ps`.
    private static func apiKey(_ arguments: Arguments) throws -> String {
        if let path = arguments.value("api-key-file") {
            guard let bytes = path == "-" ? StandardInput.readAll(bytesMax: 1024) : try? SmallFile.read(path) else {
                throw UsageError("the API key file \(path) can not be read")
            }
            return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        }
        guard let key = arguments.environment["TOKENSERVICE_API_KEY"], !key.isEmpty else {
            throw UsageError("set TOKENSERVICE_API_KEY, or name a file with --api-key-file")
        }
        return key
    }
}

/// Files of a few hundred bytes.
enum SmallFile {
    static func read(_ path: String) throws(SystemError) -> [UInt8] {
        try FileDescriptor(opening: path, flags: 0).readAll(bytesMax: 4096)
    }
}
