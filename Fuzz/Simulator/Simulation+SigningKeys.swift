import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import TokenService

/// What verifiers elsewhere and the operator do with signing keys.
extension Simulation {
    /// How long it may take until every replica goes by other keys: as long as for any change, and the five seconds
    /// for which the old ones are in use where they can not be read.
    private static let spreadMilliseconds = 10_000

    /// How far the wall clock may run ahead within the life of a copy, so that ten minutes of it are enough.
    private static let skewMilliseconds: Int64 = 240_000

    // MARK: Verifiers

    /// A verifier takes the public keys, by which it may go for some minutes.
    func fetchKeys() async {
        guard let reply = await ask(.get, "/.well-known/jwks.json") else { return }
        let kids = Set((reply.json?["keys"]?.elements ?? []).compactMap { $0["kid"]?.string })
        guard reply.status == 200, !kids.isEmpty, let maxAge = Self.maxAge(of: reply) else {
            return violate("the public keys were answered with \(reply.status)")
        }
        // A replica that does not hear of the others is not ready, and says so.
        guard !reply.isDeaf else { return }
        model.signingKeys.take(KeySetCopy(kids: kids, taken: reply.began, maxAge: maxAge))
        for kid in kids where isRevoked(kid, reply) { violate("the revoked signing key \(kid) is published") }
        let tokens = model.tokens.suffix(200).map { ($0.kid, $0.expiresAt, $0.session.born) }
        let invites = model.invites.suffix(200).map { ($0.kid, $0.expiresAt, $0.mint.born) }
        for (kid, expiresAt, born) in tokens + invites where !kids.contains(kid) && latest < expiresAt {
            let isEnded = model.mayBeDead([.signingKey(kid)], born: born, at: reply.ended)
            if !isEnded, !model.signingKeys.mayBeUnknown(kid, to: reply) {
                violate("the key \(kid) of a token that is not over is not published")
            }
        }
    }

    private static func maxAge(of reply: Reply) -> Int? {
        reply.response.field("Cache-Control")?.split(separator: "max-age=").last
            .flatMap { Int($0.prefix { $0.isNumber }) }
    }

    private func isRevoked(_ kid: String, _ reply: Reply) -> Bool {
        model.revocations[.signingKey(kid)]?.contains { $0.holds(at: reply.began, on: reply.replica) } ?? false
    }

    /// Holds a token that was handed out against what verifiers may go by.
    func checkSigned(by kid: String, _ reply: Reply) {
        model.signingKeys.lastSigned[kid] = max(reply.ended.wall, model.signingKeys.lastSigned[kid] ?? reply.ended.wall)
        for copy in model.signingKeys.copies where copy.isFresh(at: reply.ended) && !copy.kids.contains(kid) {
            if copy.skew(at: reply.ended) > Self.skewMilliseconds || model.signingKeys.isHasty(kid, for: copy) {
                continue
            }
            violate("a token was signed by \(kid), which a verifier does not know that asked in time")
        }
    }

    /// The `kid` of a token.
    func keyID(of token: String) -> String? {
        guard let header = token.split(separator: ".").first.flatMap({ Base64URL.decode(String($0)) }) else {
            return nil
        }
        return (try? JSONDocument(parsing: header).root)?["kid"]?.string
    }

    // MARK: The operator

    /// The operator stops the only process, and gives a command in its place.
    func commandInPlaceOfService() {
        guard let process = replicas[0].process else { return }
        report.operations["change signing keys", default: 0] += 1
        trace.note("process \(process.number) is stopped")
        process.end()
        forget(process)
        replicas[0].process = nil
        start {
            // A store that is closed has done what it was asked for.
            await self.doLateCommands()
            await self.changeSigningKeys()
            await self.doLateCommands()
        }
        settle()
        open(0)
        settle()
    }

    /// The operator changes the signing keys with a command: a process of its own on the store.
    func changeSigningKeys() async {
        let process = makeProcess(at: ServiceProcess.nowhere)
        guard let factory = factory(of: process) else { return }
        do {
            let services = try await factory.open(place: "memory")
            switch dice.below(10) {
            case 0..<4: try await publishKey(services, process)
            case 4..<8: try await activateKey(services, process)
            default: try await revokeKey(services, process)
            }
        } catch {
            trace.note("  a command fails: \(error)")
        }
        process.end()
    }

    private func publishKey(_ services: Services, _ process: ServiceProcess) async throws {
        let now = services.time.now()
        let key = try services.makeSigningKey(.edDSA, now: now)
        if await change(services, process, nil, { try $0.adding(key) }) {
            audit.expect("signing_key.created", target: TypeID.text(.signingKey, key.id))
        }
    }

    private func activateKey(_ services: Services, _ process: ServiceProcess) async throws {
        let keys = services.issuance.keyrings.records.filter { $0.state == .standby || $0.state == .previouslyUsed }
        guard let key = recent(keys) else { return }
        let now = services.time.now()
        let isForced = dice.below(2) == 0
        var fact: Fact?
        // A key that was in use before is known to everybody.
        if isForced, key.state == .standby {
            fact = Fact(self.now, spreadMilliseconds: Self.spreadMilliseconds)
            if let fact { model.signingKeys.hasty[key.keyID, default: []].append(fact) }
        }
        _ = await change(services, process, fact) { try $0.activating(key.id, at: now, isForced: isForced) }
    }

    private func revokeKey(_ services: Services, _ process: ServiceProcess) async throws {
        let keys = services.issuance.keyrings.records.filter { $0.state == .standby || $0.state == .previouslyUsed }
        guard let key = recent(keys) else { return }
        let now = services.time.now()
        let fact = Fact(self.now, spreadMilliseconds: Self.spreadMilliseconds)
        model.revocations[.signingKey(key.keyID), default: []].append(fact)
        if await change(services, process, fact, { try $0.revoking(key.id, at: now) }) {
            audit.expect("signing_key.revoked", target: TypeID.text(.signingKey, key.id))
        }
    }

    /// Changes the keys, and settles what came of it; true where it is certain that it was done.
    private func change(
        _ services: Services,
        _ process: ServiceProcess,
        _ fact: Fact?,
        _ decide: (SigningKeyRotation) throws -> SigningKeyChange
    ) async -> Bool {
        do {
            let now = services.time.now()
            let keys = try await services.changeSigningKeys(by: "operator", now: now, decide)
            guard !process.isDead else {
                fact?.settle(.unsure, self.now)
                return false
            }
            if keys.count(where: { $0.state == .inUse }) != 1 { violate("not one signing key is in use") }
            fact?.settle(.done, self.now)
            return true
        } catch let problem as Problem {
            fact?.settle(.never, now)
            if problem.code != .conflict, problem.code != .notFound { violate("a command failed: \(problem)") }
        } catch StoreError.unknownOutcome {
            fact?.settle(.unsure, now)
        } catch {
            fact?.settle(process.isDead ? .unsure : .never, now)
        }
        return false
    }
}
