import HTTPServer
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TestSupport
import TokenService

/// A proof of possession that was accepted.
final class UsedProof {
    enum Request {
        case validation(ModelToken)
        case exchange(ModelInvite, holder: String)
    }

    let text: String
    let request: Request
    /// Its `iat`.
    let issuedAt: Int64
    /// The processes that accepted it.
    var processes: Set<Int>

    init(_ text: String, _ request: Request, issuedAt: Int64, process: Int) {
        (self.text, self.request, self.issuedAt, processes) = (text, request, issuedAt, [process])
    }
}

/// What widgets do whose session is bound to a key (DPoP, RFC 9449), and what thieves try with their tokens.
extension Simulation {
    /// How old a proof may be, in seconds.
    private static let proofSecondsMax: Int64 = 240

    /// The name of a holder who has a key.
    func freshKey() -> String {
        let seed = (0..<SigningKey.seedBytes).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        guard let key = try? SigningKey(ed25519Seed: SecretBytes(seed)) else { return freshNonce() }
        let signer = DPoPProofSigner(key: key)
        model.holderKeys[signer.thumbprint] = signer
        return signer.thumbprint
    }

    private func proof(_ signer: DPoPProofSigner, _ method: HTTPMethod, _ path: String, _ token: String?) -> String {
        let text = try? signer.proof(
            id: "proof-\(nextNumber())",
            method: method.name,
            target: Self.issuer + path,
            issuedAtSeconds: time.now().seconds,
            tokenHash: token.map { DPoPProof.hash(ofToken: Array($0.utf8)) },
            nonce: proofNonce
        )
        return String(decoding: text ?? [], as: UTF8.self)
    }

    /// Asks with a fresh proof, and once more where the service wants another nonce.
    func ask(
        _ method: HTTPMethod,
        _ path: String,
        body: String? = nil,
        token: String? = nil,
        provenBy signer: DPoPProofSigner,
        as request: UsedProof.Request? = nil
    ) async -> Reply? {
        for _ in 0..<2 {
            let issuedAt = time.now().seconds
            let proof = proof(signer, method, path, token)
            var fields = [("DPoP", proof)]
            if let token { fields.append(("Authorization", "DPoP " + token)) }
            guard let reply = await ask(method, path, body: body, fields: fields) else { return nil }
            proofNonce = reply.response.field("DPoP-Nonce") ?? proofNonce
            if reply.code == "use_dpop_nonce" { continue }
            if reply.code == "invalid_dpop_proof" { violate("a good proof was refused") }
            if reply.status < 300, let request {
                model.proofs.append(UsedProof(proof, request, issuedAt: issuedAt, process: reply.process))
                model.proofs = model.proofs.suffix(40)
            }
            return reply
        }
        violate("the nonce that was given a moment ago is not taken")
        return nil
    }

    /// Shows a bound token: as its holder does, or as somebody who has the token and not the key.
    func validateBound(_ token: ModelToken, _ signer: DPoPProofSigner) async {
        let path = "/v1/widget/session"
        let reply: Reply?
        switch dice.below(10) {
        case 0: reply = await ask(.get, path, key: token.text)
        case 1: reply = await ask(.get, path, fields: [("Authorization", "DPoP " + token.text)])
        case 2:
            guard let thief = model.holderKeys[freshKey()] else { return }
            reply = await ask(.get, path, token: token.text, provenBy: thief)
        default:
            reply = await ask(.get, path, token: token.text, provenBy: signer, as: .validation(token))
            return judge(token, reply)
        }
        if let reply, reply.status < 300 { violate("a bound token was accepted without its key") }
    }

    /// Those of the proofs that were accepted whose nonce is good yet.
    var freshProofs: [UsedProof] {
        model.proofs.filter { time.now().seconds - $0.issuedAt < Self.proofSecondsMax }
    }

    /// Shows a proof again that somebody copied on the way.
    func replayProof() async {
        guard let used = recent(freshProofs, 4) ?? recent(model.proofs, 10) else { return }
        switch used.request {
        case .validation(let token):
            let fields = [("Authorization", "DPoP " + token.text), ("DPoP", used.text)]
            guard let reply = await ask(.get, "/v1/widget/session", fields: fields) else { return }
            check(used, reply)
            if reply.status == 200 { judge(token, reply) }
        case .exchange(let invite, let holder): await redeem(invite, nonce: holder, replaying: used)
        }
    }

    /// A process takes a proof once, and none does when it is old.
    func check(_ used: UsedProof, _ reply: Reply) {
        guard reply.status < 300 else { return }
        if !used.processes.insert(reply.process).inserted { violate("a proof was good twice") }
        if reply.began.wall.seconds - used.issuedAt > Self.proofSecondsMax { violate("an old proof was good") }
    }

    /// The tokens of a session are bound to the key that the exchange proved, and to none where it proved none.
    func checkBinding(_ text: String, _ session: ModelSession, _ reply: Reply) {
        let payload = text.split(separator: ".").dropFirst().first.flatMap { Base64URL.decode(String($0)) } ?? []
        let bound = (try? JSONDocument(parsing: payload).root)?["cnf"]?["jkt"]?.string
        if bound != session.signer?.thumbprint || (reply["token_type"] == "DPoP") != (bound != nil) {
            violate("a token of session \(session.id) is bound to \(bound ?? "nothing")")
        }
    }
}
