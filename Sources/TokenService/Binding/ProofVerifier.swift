import HTTPServer
package import JWTLite
import OpenSSLKit
import Platform
package import Telemetry

/// Decides whether a request proves the key that its token is bound to, or is to be bound to (DPoP, RFC 9449).
///
/// The order is fixed: one header field, its shape, the nonce, the claims against the request, the key against the
/// token, the signature, and last whether the proof was used before. What costs a signature check comes after all that
/// does not, and only a proof that is good in everything else is remembered.
package final class ProofVerifier: Sendable {
    package let nonces: ProofNonces
    package let replays: ProofReplays
    package let addresses: PublicAddresses
    /// One for each ``Outcome``, in its order.
    private let outcomes: [Counter]

    /// What became of a proof, for the metrics.
    enum Outcome: Int, CaseIterable {
        case accepted
        case noNonce
        case refused
        case otherKey
        case replayed
        case overShare
        case full
        case missing

        var label: String {
            switch self {
            case .accepted: "accepted"
            case .noNonce: "nonce"
            case .refused: "refused"
            case .otherKey: "other_key"
            case .replayed: "replayed"
            case .overShare: "over_share"
            case .full: "full"
            case .missing: "missing"
            }
        }
    }

    package init(
        nonces: ProofNonces,
        replays: ProofReplays,
        addresses: PublicAddresses,
        registry: MetricsRegistry
    ) {
        self.nonces = nonces
        self.replays = replays
        self.addresses = addresses
        outcomes = Outcome.allCases.map { outcome in
            registry.counter(
                "tokenservice_proofs_total",
                help: "Proofs of possession (DPoP), by what became of them.",
                labels: ["result": outcome.label]
            )
        }
        registry.gauge("tokenservice_proofs_remembered", help: "Proofs that can not be used again.") {
            Double(replays.count)
        }
    }

    // MARK: Reading

    /// The proof of a request, read and with a nonce of ours, but not yet held against anything; nil where there is none.
    ///
    /// - Parameter known: the header of an earlier proof by whoever should have made this one.
    package func proof(of call: Call, known: DPoPHeader? = nil) throws(Problem) -> FreshProof? {
        guard let text = call.request.fields.firstBytes("dpop") else { return nil }
        guard call.request.fields.count(of: "dpop") == 1 else { throw refused(.refused, "more than one DPoP field") }
        let proof: DPoPProof
        do {
            proof = try DPoPProof(parsing: Array(text), known: known)
        } catch {
            throw refused(.refused, "\(error)")
        }
        switch nonces.judge(proof.nonce, now: call.now) {
        case .newest(let slot): return FreshProof(proof: proof, slot: slot, newerNonce: nil)
        case .aging(let slot): return FreshProof(proof: proof, slot: slot, newerNonce: nonce(call.now))
        case .refused:
            count(.noNonce)
            throw Problem(
                .useDPoPNonce,
                "The proof needs the nonce in DPoP-Nonce. Make a new one with it.",
                privateReason: proof.nonce == nil ? "proof without a nonce" : "nonce too old, or none of ours",
                dpopNonce: nonce(call.now)
            )
        }
    }

    /// The nonce to hand out.
    private func nonce(_ now: UnixTime) -> String { String(decoding: nonces.current(now: now), as: UTF8.self) }

    // MARK: Judging

    /// The thumbprint of the key that a proof without a token proves: the one that a session is to be bound to.
    package func key(provenBy fresh: FreshProof, _ call: Call) throws(Problem) -> String {
        try check(fresh, target: .own, tokenHash: nil, call)
        let thumbprint = fresh.proof.key.thumbprint
        try settle(fresh, thumbprint: thumbprint, call)
        return thumbprint
    }

    /// Checks that a request proves the key of the bound token that it presents.
    ///
    /// - Parameters:
    ///   - thumbprint: the token's `cnf.jkt`.
    ///   - known: what is remembered of the token, if anything.
    /// - Returns: a nonce to answer with; nil where the client has the newest.
    package func require(
        _ thumbprint: String,
        of token: ArraySlice<UInt8>,
        known: ValidatedToken?,
        target: ProofTarget,
        _ call: Call
    ) throws(Problem) -> String? {
        guard let fresh = try proof(of: call, known: known?.proofHeader) else {
            count(.missing)
            throw Problem.unprovenToken("no proof with a bound token", lacksKey: true)
        }
        let hash = known?.tokenHash ?? DPoPProof.hash(ofToken: Array(token))
        try check(fresh, target: target, tokenHash: hash, call)
        // A header is kept only with the token that names its key.
        guard fresh.proof.hasKnownHeader || fresh.proof.key.thumbprint == thumbprint else {
            count(.otherKey)
            throw Problem.unprovenToken("proof by another key", lacksKey: true)
        }
        try settle(fresh, thumbprint: thumbprint, call)
        if !fresh.proof.hasKnownHeader { known?.keep(fresh.proof.header) }
        return fresh.newerNonce
    }

    private func check(
        _ fresh: FreshProof,
        target: ProofTarget,
        tokenHash: [UInt8]?,
        _ call: Call
    ) throws(Problem) {
        let place = try target.place(of: call, addresses)
        let expected = DPoPExpectation(
            method: place.method,
            bases: place.bases,
            path: place.path,
            tokenHash: tokenHash,
            now: call.now,
            ageSecondsMax: ServiceLimits.proofAgeSecondsMax,
            aheadSecondsMax: ServiceLimits.proofAheadSecondsMax
        )
        do {
            try fresh.proof.check(expected)
        } catch {
            throw refused(.refused, "\(error)")
        }
    }

    /// Checks the signature, and that the proof is used for the first time.
    private func settle(
        _ fresh: FreshProof,
        thumbprint: String,
        _ call: Call
    ) throws(Problem) {
        do {
            try fresh.proof.checkSignature()
        } catch {
            throw refused(.refused, "\(error)")
        }
        let verdict = replays.admit(
            key: Array(thumbprint.utf8),
            id: fresh.proof.id,
            slot: fresh.slot,
            current: nonces.slot(now: call.now)
        )
        switch verdict {
        case .fresh: count(.accepted)
        case .replayed: throw refused(.replayed, "the proof was used before")
        case .tooOld: throw refused(.refused, "the slot of the nonce is over")
        case .overShare:
            count(.overShare)
            throw Problem(
                .rateLimited,
                "This key has made more proofs than one may. Wait, and make the next with a newer nonce.",
                privateReason: "more proofs of one key than its share",
                retryAfterSeconds: Int(ProofNonces.slotSeconds - call.now.seconds % ProofNonces.slotSeconds),
                dpopNonce: fresh.newerNonce
            )
        case .full:
            count(.full)
            throw Problem.unavailable("no room to remember proofs")
        }
    }

    private func refused(_ outcome: Outcome, _ reason: String) -> Problem {
        count(outcome)
        return Problem(
            .invalidDPoPProof,
            "The DPoP proof is malformed, was used before, or was not made for this request.",
            privateReason: reason
        )
    }

    private func count(_ outcome: Outcome) { outcomes[outcome.rawValue].increment(by: 1) }
}

/// A proof with a good nonce.
package struct FreshProof: Sendable {
    let proof: DPoPProof
    /// The slot of its nonce.
    let slot: Int64
    /// A nonce to answer with; nil where the client has the newest.
    package let newerNonce: String?
}

/// The request that a proof has to be about.
package enum ProofTarget: Sendable {
    /// The one that it came with.
    case own
    /// The one that a reverse proxy asks about: what `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri` say of it.
    case forwarded

    fileprivate func place(
        of call: Call,
        _ addresses: PublicAddresses
    ) throws(Problem) -> (method: String, bases: [[UInt8]], path: [UInt8]) {
        switch self {
        case .own:
            guard let path = TargetURI.path(call.request.path) else { throw Problem.unprovenToken("odd path") }
            return (call.request.method.name, addresses.bases, path)
        case .forwarded:
            // Anybody could write these fields: they count only where a proxy that is trusted with them sent them.
            guard call.request.isFromTrustedProxy else {
                throw Problem.unprovenToken("a bound token through a proxy that is not trusted")
            }
            guard let method = try Self.only("x-forwarded-method", call),
                let scheme = try Self.only("x-forwarded-proto", call),
                let host = try Self.only("x-forwarded-host", call),
                let target = try Self.only("x-forwarded-uri", call), let path = TargetURI.path(target),
                let base = TargetURI.base("\(scheme)://\(host)")
            else { throw Problem.unprovenToken("the proxy does not say what the request was") }
            return (method, [base], path)
        }
    }

    /// The only value of a field; nil where there is none.
    private static func only(_ name: StaticString, _ call: Call) throws(Problem) -> String? {
        let values = call.request.fields.values(name)
        guard values.count <= 1 else { throw Problem.unprovenToken("\(name) more than once") }
        return values.first
    }
}
