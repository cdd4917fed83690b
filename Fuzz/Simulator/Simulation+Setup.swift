import HTTPServer
import InviteStore
import OpenSSLKit
import Platform
import StrictJSON
import Telemetry
import TestSupport
import TokenService

extension Simulation {
    static let issuer = "https://tokens.example.com"

    private struct Trouble: Error { let what: String }

    /// Sets the deployment up, opens every replica, and gives the backends their keys.
    func setUp() throws {
        latest = time.now()
        start {
            do { try await self.makeDeployment() } catch { self.violate("no deployment: \(error)") }
        }
        settle()
        for index in replicas.indices { open(index) }
        settle()
        guard replicas.allSatisfy({ $0.process?.application != nil }) else { throw Trouble(what: "no service") }
        try setUpMembers()
        for _ in 0..<3 {
            start { await self.makeKey() }
            settle()
        }
        for _ in 0..<2 {
            start { await self.makeEndpoint() }
            settle()
        }
        guard !model.keys.isEmpty else { throw Trouble(what: "no key") }
        checkAudit()
    }

    /// A deployment that depends on the seed alone: an Ed25519 key, too, comes of it.
    private func makeDeployment() async throws {
        let master = try MasterKey(random: random)
        self.master = master
        let setup = try await Setup(random: random).run(
            store: store,
            sealer: sealer,
            master: master,
            issuer: Self.issuer,
            environment: .test,
            algorithm: .edDSA,
            now: time.now()
        )
        tenant = Tenant(workspace: setup.workspace, environment: .test)
        admin = setup.secret
        let made = Fact(now)
        made.settle(.done, now)
        adminKey = ModelKey(id: TypeID.text(.apiKey, setup.apiKey), secret: admin, born: made)
    }

    /// Starts the service of a replica over what the store has.
    ///
    /// - Parameter number: of the process that it is taken for; nil for a new one.
    func open(_ replica: Int, as number: Int? = nil) {
        let process = makeProcess(at: replica, as: number)
        guard let factory = factory(of: process) else { return }
        replicas[replica].process = process
        start {
            do {
                let services = try await factory.open(place: "memory")
                guard !process.isDead else { return }
                process.application = Application(
                    services: services,
                    routes: services.routes(readiness: Readiness(services))
                )
                process.upkeep = Upkeep(services: services, auditDays: 30, signingKeyDays: 7)
                process.webhooks = WebhookWorker(
                    services: services,
                    transport: SimulatedNetwork(self, process)
                )
                self.trace.note("process \(process.number) is open at replica \(replica)")
            } catch {
                self.trace.note("process \(process.number) did not open: \(error)")
                guard !process.isDead else { return }
                process.end()
                self.replicas[replica].process = nil
            }
        }
    }

    func makeProcess(at replica: Int, as number: Int? = nil) -> ServiceProcess {
        processCount += 1
        let process = ServiceProcess(number: number ?? processCount, replica: replica)
        process.feed.heardAt = time.monotonicNow()
        return process
    }

    /// What opens the service of a process.
    func factory(of process: ServiceProcess) -> ServiceFactory? {
        guard let master else { return nil }
        var factory = ServiceFactory(
            store: FaultyStore(store, conductor: StoreGate(self, process)),
            sealer: sealer,
            master: master,
            time: time,
            random: random,
            // No descriptor: the lines are counted as dropped.
            log: Logger(descriptor: -1, minimum: .error, time: time),
            registry: MetricsRegistry(),
            environment: nil,
            addressLimit: nil
        )
        factory.background.executor = executor
        factory.background.pause = { milliseconds in await self.sleep(milliseconds, process) }
        factory.background.worker = { name, work in
            self.start {
                await self.hold(name, process)
                work()
            }
        }
        // What the lowest cost does not show the highest does not either.
        factory.passwordCost = ScryptCost(logN: 4, r: 1, p: 1) ?? .standard
        return factory
    }

    /// The processes that answer.
    var processes: [ServiceProcess] { replicas.compactMap(\.process).filter { $0.application != nil && !$0.isDead } }

    // MARK: Asking

    /// Sends a request to one of the processes; nil where no answer came back.
    func ask(
        _ method: HTTPMethod,
        _ target: String,
        body: String? = nil,
        key: String? = nil,
        fields: [(String, String)] = [],
        from address: String? = nil
    ) async -> Reply? {
        let processes = processes
        guard !processes.isEmpty else { return nil }
        let process = processes[dice.below(processes.count)]
        guard let application = process.application else { return nil }
        var all = fields
        if body != nil { all.append(("Content-Type", "application/json")) }
        if let key { all.append(("Authorization", "Bearer " + key)) }
        let request = HTTPRequest(
            method: method,
            target: target,
            fields: HTTPRequestFields(all),
            body: Array((body ?? "").utf8),
            clientAddress: address.flatMap { IPAddress(parsing: $0) } ?? .loopback
        )
        tick += 1
        let began = now
        latest = max(latest, began.wall)
        let faults = faultCount
        let isBehind = latest.milliseconds - began.wall.milliseconds > Reply.lagMillisecondsMax
        let services = application.services
        let isDeaf =
            services.revocations.isStale || services.issuance.keyrings.isStale || replicas[process.replica].isCutOff
        let response: HTTPResponse
        switch application.respond(to: request) {
        case .now(let answer): response = answer
        case .later(let work): response = await work()
        }
        tick += 1
        guard !process.isDead else {
            trace.note("\(began.tick) \(method.name) \(target) at \(process.number): no answer")
            return nil
        }
        let reply = Reply(
            response: response,
            began: began,
            ended: now,
            isExcused: faultCount != faults || isBehind || isDeaf,
            isDeaf: isDeaf,
            process: process.number,
            replica: process.replica
        )
        report.statuses[reply.status, default: 0] += 1
        let code = reply.code.map { " " + $0 } ?? ""
        trace.note(
            "\(began.tick) \(began.wall.milliseconds) \(method.name) \(target) \(Self.brief(body, key, fields)) "
                + "at \(process.number): \(reply.status)\(code) \(reply["id"] ?? reply["session_id"] ?? "")",
            Array((body ?? "").utf8) + response.body
        )
        check(reply)
        return reply
    }

    /// A body or else a credential without what nobody reads: of a token its last characters.
    private static func brief(_ body: String?, _ key: String?, _ fields: [(String, String)]) -> String {
        let cookie = fields.first { $0.0 == "Cookie" }?.1
        let text = [body, (cookie ?? (body == nil ? key : nil)).map { String($0.suffix(8)) }].compactMap(\.self)
            .joined(separator: " ")
        return text.replacing(/eyJ[A-Za-z0-9_.-]{40,}/) { "…" + $0.output.suffix(8) }
    }

    /// What holds for every answer.
    private func check(_ reply: Reply) {
        if reply.status == 500 { violate("an internal error") }
        if reply.status == 503, !reply.isExcused {
            violate("503 without a fault: \(String(decoding: reply.body, as: UTF8.self))")
        }
        if reply.status >= 400, !reply.isUnknown { audit.refused.append(reply.requestID) }
    }

    /// What holds for every answer that issues something.
    func checkIssue(_ reply: Reply) {
        if latestIssue.milliseconds - reply.began.wall.milliseconds > Reply.lagMillisecondsMax {
            violate("something was issued \(latestIssue.milliseconds - reply.began.wall.milliseconds) ms back in time")
        }
        latestIssue = max(latestIssue, reply.began.wall)
    }
}
