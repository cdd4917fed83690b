import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import Telemetry
import TokenService

/// `prove compare CASE COUNT`: one kind of refused key again and again, so that what each costs can be counted.
///
/// `scripts/prove constant-time` runs it under callgrind, which counts instructions exactly; the same case with two
/// counts gives the instructions of one request, start and end of the process left out.
struct CompareRun: Sendable {
    private enum Case: String, CaseIterable, Sendable {
        /// A key that is right but for its first random character, and one that is right but for its last.
        case wrongFirst = "wrong-first"
        case wrongLast = "wrong-last"
        /// A key that never was, and one that was revoked.
        case unknown
        case revoked
    }

    private struct Mistake: Error {}

    private let kind: Case
    private let count: Int

    init(_ words: ArraySlice<String>) throws {
        guard let kind = words.first.flatMap({ Case(rawValue: $0) }), words.count == 2,
            let count = words.last.flatMap({ Int($0) })
        else { throw Mistake() }
        (self.kind, self.count) = (kind, count)
    }

    func run() async throws -> CInt {
        let random = SystemRandomSource()
        let time = StillTimeSource()
        let sealer = DeferredAuditSealer()
        let store = MemoryInviteStore(auditSealer: sealer)
        let master = try MasterKey(random: random)
        let setup = try await Setup(random: random).run(
            store: store,
            sealer: sealer,
            master: master,
            issuer: "https://tokens.example.com",
            environment: .test,
            algorithm: .es256,
            now: time.now()
        )
        let factory = ServiceFactory(
            store: store,
            sealer: sealer,
            master: master,
            time: time,
            random: random,
            log: Logger(minimum: .error, time: time),
            registry: MetricsRegistry(),
            environment: nil,
            addressLimit: nil
        )
        let services = try await factory.open(place: "memory")
        let application = Application(services: services, routes: services.routes(readiness: Readiness(services)))
        if kind == .revoked {
            let tenant = Tenant(workspace: setup.workspace, environment: .test)
            _ = try await store.changeAPIKey(
                setup.apiKey,
                of: tenant,
                change: .revoke(at: time.now()),
                now: time.now(),
                audit: []
            )
        }
        let fields = HTTPRequestFields([("Host", "a"), ("Authorization", "Bearer " + presented(setup.secret))])
        for _ in 0..<count {
            let request = HTTPRequest(method: .get, target: "/v1/invites", fields: fields)
            let response: HTTPResponse
            switch application.respond(to: request) {
            case .now(let ready): response = ready
            case .later(let work): response = await work()
            }
            guard response.status == 401 else { throw Mistake() }
        }
        return 0
    }

    /// The key of this case: always with a right checksum, which whoever guesses keys can give it.
    private func presented(_ secret: String) -> String {
        let tail = APIKeySecret.randomCharacters + APIKeySecret.checksumCharacters
        var body = Array(secret.utf8.dropLast(APIKeySecret.checksumCharacters))
        let first = secret.utf8.count - tail
        func change(_ index: Int) {
            body[index] = body[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        }
        switch kind {
        case .wrongFirst: change(first)
        case .wrongLast: change(body.count - 1)
        case .unknown: for index in first..<body.count { change(index) }
        case .revoked: return secret
        }
        return String(decoding: body + Base62.encode(CRC32.checksum(body[...]), digits: 6), as: UTF8.self)
    }
}

/// A clock that stands, so that no request is the first of its minute.
private struct StillTimeSource: TimeSource {
    func now() -> UnixTime { UnixTime(seconds: 1_800_000_000) }
    func monotonicNow() -> MonotonicInstant { MonotonicInstant(nanoseconds: 1_000_000_000) }
}
