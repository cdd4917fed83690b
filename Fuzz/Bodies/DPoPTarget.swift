import HTTPServer
import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TokenService

/// Proofs of possession (RFC 9449) on their way through the request parser and the verifier.
///
/// The first byte chooses what the rest is: a proof as it is; a header and a payload with a zero byte between, or a
/// payload, signed by a key; edits of a good proof; the address in a proof; or what a reverse proxy says of a request.
enum DPoPTarget {
    private static let bench = Result { try ProofBench() }

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        guard case .success(let bench) = bench else { throw Finding("the keys can not be read") }
        let good = bench.good[Int(choice >> 3) % bench.good.count]
        let rest = Array(bytes.dropFirst())
        switch choice & 7 {
        case 0: try raw(rest, good, bench)
        case 1:
            let cut = rest.firstIndex(of: 0) ?? rest.endIndex
            try signed(Array(rest[..<cut]), Array(rest[cut...].dropFirst()), good, bench)
        case 2, 6: try signed(Self.header(good), rest, good, bench)
        case 3, 7: try edited(rest, good, bench)
        case 4: try address(rest)
        default: try forwarded(rest, bench.good[0], isTrusted: choice & 8 != 0, bench)
        }
    }

    // MARK: Proofs

    /// Nobody here has signed it: it is refused.
    private static func raw(_ text: [UInt8], _ good: ProofBench.Good, _ bench: ProofBench) throws(Finding) {
        let verdict = try bench.judge(text, good.request, thumbprint: nil)
        try hold(verdict)
        guard case .success = verdict else { return }
        // Whoever has a key may sign what he likes, but an input has to bring the signature with it.
        try require(bench.good.contains { $0.text == text }, "an unsigned proof is accepted")
    }

    /// However a good proof is changed, it is good no longer.
    private static func edited(_ edits: [UInt8], _ good: ProofBench.Good, _ bench: ProofBench) throws(Finding) {
        var text = good.text
        for start in stride(from: 0, to: edits.count - 2, by: 3) {
            let place = Int(edits[start]) << 8 | Int(edits[start + 1])
            text[place % text.count] ^= edits[start + 2]
        }
        let verdict = try bench.judge(text, good.request, thumbprint: good.signer.thumbprint)
        try hold(verdict)
        guard case .success(let key) = verdict else {
            try require(text != good.text, "a good proof is refused")
            return
        }
        try require(text == good.text && key == good.signer.thumbprint, "an edited proof is accepted")
    }

    /// Signed as it should be: what is accepted says what it has to, and is good for this one request, once.
    ///
    /// A signature costs more than all the rest: it is made where the proof is refused for nothing else.
    private static func signed(
        _ header: [UInt8],
        _ payload: [UInt8],
        _ good: ProofBench.Good,
        _ bench: ProofBench
    ) throws(Finding) {
        let thumbprint = good.signer.thumbprint
        let unsigned = TokenBench.unsigned(header, payload)
        guard let refused = try bench.judge(unsigned, good.request, thumbprint: thumbprint) else { return }
        try hold(refused)
        guard case .failure(let problem) = refused else { throw Finding("an unsigned proof is accepted") }
        guard problem.privateReason == DPoPError.badSignature.description,
            let text = try? good.signer.sign(header: header, payload: payload)
        else { return }
        let verifier = try bench.verifier()
        let verdict = try bench.judge(text, good.request, thumbprint: thumbprint, by: verifier)
        try hold(verdict)
        guard case .success(let key) = verdict else { return }
        try require(key == thumbprint, "another key is proven")
        try hold(header, payload, good, bench)
        let again = try bench.judge(text, good.request, thumbprint: thumbprint, by: verifier)
        guard case .failure(let problem)? = again, problem.code == .invalidDPoPProof else {
            throw Finding("a proof is good twice")
        }
        for other in others(good.request) {
            let verdict = try bench.judge(text, other, thumbprint: thumbprint)
            guard case .failure? = verdict else { throw Finding("good for another request: \(other)") }
        }
        guard let stranger = bench.signers.first(where: { $0.thumbprint != thumbprint }) else { return }
        guard good.request.token != nil else { return }
        let stolen = try bench.judge(text, good.request, thumbprint: stranger.thumbprint)
        guard case .failure? = stolen else { throw Finding("good for a token of another key") }
    }

    /// The same request but for one thing.
    private static func others(_ request: ProofBench.Request) -> [ProofBench.Request] {
        var all = [ProofBench.Request](repeating: request, count: 5)
        all[0].method = request.method == "GET" ? "POST" : "GET"
        all[1].path += "/"
        all[2].token = request.token.map { $0 + [0x41] } ?? [0x41]
        all[3].now = request.now.adding(seconds: 3 * ProofNonces.slotSeconds)
        all[4].now = request.now.adding(seconds: -ServiceLimits.proofAheadSecondsMax - 7200)
        return all
    }

    /// The names of an accepted header, and the claims of an accepted payload.
    private static func hold(
        _ header: [UInt8],
        _ payload: [UInt8],
        _ good: ProofBench.Good,
        _ bench: ProofBench
    ) throws(Finding) {
        guard let header = try? JSONDocument(parsing: header).root,
            let claims = try? JSONDocument(parsing: payload).root
        else { throw Finding("accepted, and no JSON") }
        try require(Set(header.members.map(\.name)) == ["typ", "alg", "jwk"] && header.count == 3, "a header of more")
        try require(header["typ"]?.string == "dpop+jwt", "a proof of another type")
        guard let key = header["jwk"] else { throw Finding("no key") }
        let secret = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]
        try require(secret.allSatisfy { key[$0] == nil }, "a private key")
        try require(claims["htm"]?.string == good.request.method, "made for another method")
        let places = [claims["htu"]?.string ?? "", ProofBench.base + good.request.path]
        let addresses = places.map { TargetURI(parsing: Array($0.utf8)) }
        try require(addresses[0] != nil && addresses[0] == addresses[1], "made for \(places[0])")
        let hash = good.request.token.map { String(decoding: DPoPProof.hash(ofToken: $0), as: UTF8.self) }
        try require(claims["ath"]?.string == hash, "made for another token")
        guard let seconds = claims["iat"]?.integer, let id = claims["jti"]?.string else {
            throw Finding("no iat, no jti")
        }
        let age = good.request.now.seconds - seconds
        try require(
            (-ServiceLimits.proofAheadSecondsMax...ServiceLimits.proofAgeSecondsMax).contains(age),
            "\(age) s old"
        )
        try require((1...DPoPProof.idBytesMax).contains(id.utf8.count), "an id of \(id.utf8.count) bytes")
        let slots = (-1...1).map { slot in good.request.now.adding(seconds: slot * ProofNonces.slotSeconds) }
        guard let fresh = try? ProofBench.nonces() else { return }
        let nonces = slots.map { String(decoding: fresh.current(now: $0), as: UTF8.self) }
        try require(claims["nonce"]?.string.map(nonces.contains) == true, "a nonce that nobody gave")
    }

    private static func header(_ good: ProofBench.Good) -> [UInt8] {
        Base64URL.decode(good.text.prefix { $0 != UInt8(ascii: ".") }) ?? []
    }

    /// What a refusal may be.
    private static func hold(_ verdict: Result<String, Problem>?) throws(Finding) {
        guard case .failure(let problem)? = verdict else { return }
        try require(
            [.invalidDPoPProof, .useDPoPNonce, .invalidToken].contains(problem.code),
            "refused as \(problem.code)"
        )
        try require((problem.code == .useDPoPNonce) == (problem.dpopNonce != nil), "\(problem.code) and its nonce")
        try require(problem.param == nil && problem.message.utf8.count <= 128, "a long refusal")
        try require((problem.privateReason ?? "").utf8.count <= 64, "a long reason: \(problem.privateReason ?? "")")
    }

    // MARK: Addresses

    /// An address in its one spelling is read as itself, and lies where its parts say.
    private static func address(_ text: [UInt8]) throws(Finding) {
        if let path = TargetURI.path(String(decoding: text, as: UTF8.self)) {
            let again = String(decoding: path, as: UTF8.self)
            try require(TargetURI.path(again) == path, "another path: \(again)")
            let whole = TargetURI(parsing: Array("https://a".utf8) + path)
            try require(whole?.isAt(Array("https://a".utf8), path: path) == true, "not at its place: \(again)")
        }
        guard let uri = TargetURI(parsing: text) else { return }
        let shown = String(decoding: uri.bytes, as: UTF8.self)
        try require(TargetURI(parsing: uri.bytes) == uri, "read as another: \(shown)")
        try require(uri.bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 && $0 != 0x3F }, "odd bytes: \(shown)")
        let isSecure = uri.bytes.starts(with: "https://".utf8)
        try require(isSecure || uri.bytes.starts(with: "http://".utf8), "a scheme in \(shown)")
        let place = uri.bytes.dropFirst(isSecure ? 8 : 7)
        let authority = place.prefix { $0 != UInt8(ascii: "/") }
        let path = place.dropFirst(authority.count)
        try require(!authority.isEmpty && path.first == UInt8(ascii: "/"), "no authority or no path: \(shown)")
        let hostBytes = authority.allSatisfy { $0 != UInt8(ascii: "@") && !(0x41...0x5A).contains($0) && $0 != 0x25 }
        try require(hostBytes, "odd bytes in an authority: \(shown)")
        let base = uri.bytes.prefix(uri.bytes.count - path.count)
        try require(uri.isAt(Array(base), path: Array(path)), "not at its own place: \(shown)")
        try require(!uri.isAt(Array(base), path: path + [0x61]), "at another place: \(shown)")
        try require(TargetURI.path(String(decoding: path, as: UTF8.self)) == Array(path), "a path read as another")
    }

    // MARK: Behind a proxy

    /// What a proxy says counts where it is trusted, and only where it says what the proof was made for.
    private static func forwarded(
        _ lines: [UInt8],
        _ good: ProofBench.Good,
        isTrusted: Bool,
        _ bench: ProofBench
    ) throws(Finding) {
        var request = good.request
        request.forwarded = lines
        request.isFromTrustedProxy = isTrusted
        let verdict = try bench.judge(good.text, request, thumbprint: good.signer.thumbprint)
        try hold(verdict)
        guard case .success? = verdict else { return }
        try require(isTrusted, "anybody says what a request was")
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + lines + Array("\r\n\r\n".utf8)
        guard let fields = try ParserRun(head).heads.first?.fields else { throw Finding("accepted, and no request") }
        try require(fields.values("x-forwarded-method") == [good.request.method], "another method")
        let parts = [
            fields.values("x-forwarded-proto"), fields.values("x-forwarded-host"), fields.values("x-forwarded-uri"),
        ]
        try require(parts.allSatisfy { $0.count == 1 }, "a field twice")
        let words = parts.flatMap { $0 }
        let path = String(words[2].prefix { $0 != "?" })
        let address = TargetURI(parsing: Array("\(words[0])://\(words[1])\(path)".utf8))
        let expected = TargetURI(parsing: Array((ProofBench.base + good.request.path).utf8))
        try require(address != nil && address == expected, "made for another request: \(words)")
    }
}
