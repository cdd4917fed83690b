import HTTPServer
import InviteStore
import JWTLite
import OpenSSLKit
import Platform
import Synchronization
import Telemetry
import TestSupport
import TokenService

/// All that makes and judges proofs of possession: keys, nonces, a place, and good proofs to begin with.
///
/// Everything that a proof has to name is fixed, so that what a proof is worth follows from its bytes alone.
final class ProofBench: Sendable {
    /// What a proof is made for.
    struct Request: Sendable {
        var method = "GET"
        var path = "/v1/widget/session"
        /// The token that is presented with it; nil where there is none.
        var token: [UInt8]? = Array("eyJhbGciOiJFUzI1NiJ9.e30.c2ln".utf8)
        var now = TokenBench.now
        /// The fields from which a request of a reverse proxy's says what it is about; nil for the request itself.
        var forwarded: [UInt8]?
        var isFromTrustedProxy = false
    }

    struct Good: Sendable {
        let text: [UInt8]
        let request: Request
        let signer: DPoPProofSigner
    }

    static let base = TokenBench.issuer
    let signers: [DPoPProofSigner]
    let keys: [SigningKey]
    let good: [Good]
    /// A judge that knows nothing of any proof, for the next input: making one costs more than most judgements.
    private let idle = Mutex<ProofVerifier?>(nil)

    /// - Throws: where OpenSSL can not read the keys, which is a fault of the machine.
    init() throws {
        keys = try TokenBench().keys
        let nonces = try Self.nonces()
        var good: [Good] = []
        signers = keys.map(DPoPProofSigner.init)
        for signer in signers {
            let requests = [
                Request(), Request(method: "POST", path: "/v1/widget/sessions", token: nil),
                Request(path: "/v1/widget/session/%7Ea%2fb"),
            ]
            for request in requests {
                let text = try Self.proof(by: signer, of: request, nonces)
                good.append(Good(text: text, request: request, signer: signer))
            }
        }
        self.good = good
    }

    private static func proof(by signer: DPoPProofSigner, of request: Request, _ nonces: ProofNonces) throws -> [UInt8]
    {
        try signer.proof(
            id: "proof-\(request.path.utf8.count)",
            method: request.method,
            target: base + request.path,
            issuedAtSeconds: request.now.seconds,
            tokenHash: request.token.map(DPoPProof.hash(ofToken:)),
            nonce: String(decoding: nonces.current(now: request.now), as: UTF8.self)
        )
    }

    /// The nonces of the deployment; they remember the time that they were asked at, so that each input needs its own.
    static func nonces() throws -> ProofNonces {
        try ProofNonces(root: HMACSHA256Key(SecretBytes([UInt8](repeating: 7, count: 32))))
    }

    /// A judge that has seen no proof and no time yet.
    func verifier() throws(Finding) -> ProofVerifier {
        guard let nonces = try? Self.nonces() else { throw Finding("no nonces can be made") }
        return ProofVerifier(
            nonces: nonces,
            replays: ProofReplays(entriesMax: 64, time: ManualTimeSource(now: TokenBench.now)),
            addresses: PublicAddresses([Self.base]),
            registry: MetricsRegistry()
        )
    }

    /// What a judge says who has seen no proof and no other time.
    func judge(_ text: [UInt8], _ request: Request, thumbprint: String?) throws(Finding) -> Result<String, Problem>? {
        guard request.now == TokenBench.now else {
            return try judge(text, request, thumbprint: thumbprint, by: verifier())
        }
        let taken = idle.withLock { $0.take() }
        let verifier = if let taken { taken } else { try verifier() }
        let verdict = try judge(text, request, thumbprint: thumbprint, by: verifier)
        // A refused proof leaves nothing behind.
        if case .failure? = verdict { idle.withLock { $0 = verifier } }
        return verdict
    }

    /// What becomes of the value of a `DPoP` field on its way through the parser and the verifier.
    ///
    /// - Parameter thumbprint: the key that the token is bound to; nil for the key of the proof itself.
    /// - Returns: the thumbprint of the key that was proven; nil where the request is none at all.
    func judge(
        _ text: [UInt8],
        _ request: Request,
        thumbprint: String?,
        by verifier: ProofVerifier
    ) throws(Finding) -> Result<String, Problem>? {
        let target = request.forwarded == nil ? request.path : "/v1/forward-auth"
        let method = request.forwarded == nil ? request.method : "GET"
        var bytes = Array("\(method) \(target) HTTP/1.1\r\nHost: a\r\nDPoP: ".utf8) + text + [0x0D, 0x0A]
        if let forwarded = request.forwarded { bytes += forwarded + [0x0D, 0x0A] }
        guard let head = try ParserRun(bytes + [0x0D, 0x0A]).heads.first else { return nil }
        let call = Call(
            request: HTTPRequest(
                method: head.method,
                target: head.path,
                fields: head.fields,
                isFromTrustedProxy: request.isFromTrustedProxy
            ),
            id: RecordID(high: 0x7000, low: 1 << 63),
            now: request.now,
            pathParameters: [],
            query: QueryParameters()
        )
        return Result { () throws(Problem) in
            guard let token = request.token else {
                guard let fresh = try verifier.proof(of: call) else { throw Problem.invalidToken("no proof") }
                return try verifier.key(provenBy: fresh, call)
            }
            let proven = thumbprint ?? Self.thumbprint(ofProof: text) ?? ""
            _ = try verifier.require(
                proven,
                of: token[...],
                known: nil,
                target: request.forwarded == nil ? .own : .forwarded,
                call
            )
            return proven
        }
    }

    /// The thumbprint of the key in a proof, believed.
    private static func thumbprint(ofProof text: [UInt8]) -> String? {
        (try? DPoPProof(parsing: text)).map(\.key.thumbprint)
    }
}
