import HTTPClient
import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import TokenService

/// The network between one process and the endpoints of webhooks.
///
/// Safe because: everything of a simulation runs on its one thread.
final class SimulatedNetwork: WebhookTransport, @unchecked Sendable {
    private let simulation: Simulation
    private let process: ServiceProcess

    init(_ simulation: Simulation, _ process: ServiceProcess) {
        (self.simulation, self.process) = (simulation, process)
    }

    func send(_ message: WebhookMessage) async -> WebhookOutcome {
        // A process that is gone sends nothing.
        guard !process.isDead, let endpoint = simulation.model.endpoints.first(where: { $0.host == message.host })
        else { return WebhookOutcome(status: nil, failure: .unreachable) }
        let mood = simulation.isNoisy && !endpoint.isReliable ? endpoint.mood : .good
        let takes = mood == .good || mood == .hanging || mood == .flaky && simulation.dice.below(2) == 0
        simulation.trace.note("  \(message.id) to \(endpoint.host): \(mood)")
        simulation.receive(message, at: endpoint, takes: takes, isGone: mood == .gone)
        switch mood {
        case .good: return WebhookOutcome(status: 204, failure: nil)
        case .flaky:
            return takes
                ? WebhookOutcome(status: 200, failure: nil) : WebhookOutcome(status: 500, failure: .status)
        case .busy: return WebhookOutcome(status: 503, failure: .status, retryAfterSeconds: 60)
        case .down: return WebhookOutcome(status: nil, failure: .unreachable)
        case .hanging:
            await simulation.sleep(15_000, process)
            return WebhookOutcome(status: nil, failure: .timeout, durationMilliseconds: 15_000)
        case .gone: return WebhookOutcome(status: 410, failure: .status)
        }
    }
}

extension WebhookMessage {
    fileprivate var host: String { url.endpoint.host }
    fileprivate func field(_ name: String) -> String? { fields.first { $0.0 == name }?.1 }
    var id: String { field("webhook-id") ?? "" }
    var json: JSONValue? { (try? JSONDocument(parsing: body))?.root }
    var stamp: String { field("webhook-timestamp") ?? "" }
    var signatures: [Substring] { (field("webhook-signature") ?? "").split(separator: " ") }
}

extension Simulation {
    /// Holds what an endpoint was sent against what the documents say of it.
    func receive(_ message: WebhookMessage, at endpoint: ModelEndpoint, takes: Bool, isGone: Bool) {
        let place = "event \(message.id) to \(endpoint.host)"
        guard let json = message.json, json["id"]?.string == message.id, let type = json["type"]?.string,
            json["workspace_id"]?.string == TypeID.text(.workspace, tenant.workspace),
            json["environment"]?.string == tenant.environment.rawValue
        else { return violate("\(place) says something else") }
        if !endpoint.wants(type) { violate("\(place) is \(type), which it did not ask for") }
        if endpoint.deletion?.holds(at: now, on: .some(-1)) == true { violate("\(place), which was removed") }
        // The service's time does not go back with the clock.
        let times = (min(time.now(), latest).seconds - 5)...(latest.seconds + 5)
        guard let seconds = Int64(message.stamp), times.contains(seconds) else {
            return violate("\(place) was signed at another time")
        }
        checkSignatures(of: message, at: endpoint, place)
        guard takes else { return endpoint.refuse(message.id, forGood: isGone) }
        report.deliveries += 1
        endpoint.take(message.id)
    }

    /// One of the secrets that are good signs (Standard Webhooks): a receiver that has them all takes it.
    private func checkSignatures(of message: WebhookMessage, at endpoint: ModelEndpoint, _ place: String) {
        guard !endpoint.mayHaveOther, !endpoint.isRotating else { return }
        let signed = Array("\(message.id).\(message.stamp).".utf8) + message.body
        let isSigned = endpoint.secrets.contains { secret in
            guard let key = Self.bytes(of: secret), let mac = try? HMACSHA256Key(SecretBytes(key)) else { return false }
            let expected = Base64URL.encodeToString(mac.authenticate(signed).bytes)
            return message.signatures.contains { Self.urlSafe($0.dropFirst(3)) == expected }
        }
        if !isSigned { violate("\(place) is not signed with a secret of the endpoint") }
    }

    private static func bytes(of secret: String) -> [UInt8]? { Base64URL.decode(urlSafe(secret.dropFirst(6))) }

    private static func urlSafe(_ text: Substring) -> String {
        String(text.filter { $0 != "=" }.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }
}
