import JWTLite
import OpenSSLKit
import Platform
import StrictJSON
import TokenService

/// Tokens: raw texts, and headers and payloads that are signed properly, so that what comes after the signature is met.
///
/// The first byte chooses how the rest becomes a token, the key, and the type that is asked for. Signatures cost more than
/// all the rest: one is made where a token is refused for nothing else and has a payload, and for one of four others; the
/// public halves of the keys are asked about one of four.
enum TokenTarget {
    private static let bench = Result { try TokenBench() }
    /// Those of the verifier.
    private static let payloadLimits = JSONLimits(bytesMax: 1 << 16, depthMax: 4, valuesMax: 64, numberDigitsMax: 20)

    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let choice = bytes.first else { return }
        guard case .success(let bench) = bench else { throw Finding("the keys can not be read") }
        let key = bench.keys[Int(choice >> 2 & 1)]
        let kind: TokenKind = choice & 8 == 0 ? .invite : .participant
        let rest = Array(bytes.dropFirst())
        let isThorough = rest.reduce(choice, &+) & 3 == 0
        switch choice & 3 {
        case 0:
            let verdict = try verdict(rest, kind, bench, isThorough: true)
            if case .success(let token) = verdict { try hold(token, rest, kind) }
        case 1:
            let cut = rest.firstIndex(of: 0) ?? rest.endIndex
            let payload = Array(rest[cut...].dropFirst())
            try signed(Array(rest[..<cut]), payload, by: key, kind, bench, isThorough: isThorough)
        case 2:
            let header = bench.good.first { $0.key === key && $0.kind == kind }?.header ?? []
            try signed(header, rest, by: key, kind, bench, isThorough: isThorough)
        default:
            let good = bench.good[Int(choice >> 2) % bench.good.count]
            let text = edited(good.text, rest)
            let verdict = try verdict(text, good.kind, bench, isThorough: isThorough)
            guard case .success = verdict else { return }
            try require(text == good.text, "an edited token is accepted")
        }
    }

    /// A token of these texts by a key of the deployment's, signed where that decides.
    private static func signed(
        _ header: [UInt8],
        _ payload: [UInt8],
        by key: SigningKey,
        _ kind: TokenKind,
        _ bench: TokenBench,
        isThorough: Bool
    ) throws(Finding) {
        let unsigned = TokenBench.unsigned(header, payload)
        guard case .failure(let fault) = try verdict(unsigned, kind, bench, isThorough: true) else {
            throw Finding("an unsigned token is accepted")
        }
        guard fault == .badSignature else { return }
        // With a payload that is none, a signature leads one step further, to the refusal of it.
        let document = try? JSONDocument(parsing: payload, limits: payloadLimits)
        guard document?.root.kind == .object || isThorough else { return }
        guard let text = try? TokenBench.signed(header, payload, by: key) else { return }
        let verdict = try verdict(text, kind, bench, isThorough: isThorough)
        if case .success(let token) = verdict { try hold(token, text, kind) }
    }

    /// Three bytes an edit: where (two), and what is changed there.
    private static func edited(_ text: [UInt8], _ edits: [UInt8]) -> [UInt8] {
        var text = text
        for start in stride(from: 0, to: edits.count - 2, by: 3) {
            let place = Int(edits[start]) << 8 | Int(edits[start + 1])
            text[place % text.count] ^= edits[start + 2]
        }
        return text
    }

    /// What the service's verifier says; one that has the public halves of the keys alone, where it is asked, too, must say
    /// the same, and give the same reason.
    private static func verdict(
        _ text: [UInt8],
        _ kind: TokenKind,
        _ bench: TokenBench,
        isThorough: Bool
    ) throws(Finding) -> Result<VerifiedToken, TokenError> {
        let token = String(decoding: text, as: UTF8.self)
        let results = bench.verifiers.prefix(isThorough ? 2 : 1).map { verifier -> Result<VerifiedToken, TokenError> in
            Result { () throws(TokenError) in
                try verifier.verifyIgnoringExpiry(token, type: kind.type, audience: nil, now: TokenBench.now)
            }
        }
        let faults = results.map { result -> TokenError? in if case .failure(let fault) = result { fault } else { nil }
        }
        if isThorough {
            try require(
                faults[0] == faults[1],
                "by the private half \(faults[0], default: "good"), by the public \(faults[1], default: "good")"
            )
        }
        if let fault = faults[0] { try require(fault.description.utf8.count <= 64, "a long fault") }
        return results[0]
    }

    /// What an accepted token can only be.
    private static func hold(_ token: VerifiedToken, _ text: [UInt8], _ kind: TokenKind) throws(Finding) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        try require(text.count <= 2048 && parts.count == 3, "a token of \(parts.count) parts")
        let decoded = parts.compactMap { Base64URL.decode($0) }
        try require(decoded.count == 3, "a part that is not base64url")
        for (part, bytes) in zip(parts, decoded) {
            try require(Base64URL.encode(bytes).elementsEqual(part), "a second spelling")
        }
        try require(decoded[2].count == 64, "a signature of \(decoded[2].count) bytes")
        guard let header = try? JSONDocument(parsing: decoded[0]).root else {
            throw Finding("a header that is no JSON")
        }
        try require(Set(header.members.map(\.name)) == ["alg", "kid", "typ"] && header.count == 3, "a header of more")
        try require(header["typ"]?.string == kind.type, "a token of another type")
        try require(header["kid"]?.string == token.keyID, "a token of another key")
        let root = token.payload.root
        for name in ["iss", "aud", "sub", "jti"] {
            try require(root[name]?.string?.isEmpty == false, "\(name) is missing")
        }
        guard let issued = root["iat"]?.integer, let begins = root["nbf"]?.integer, let ends = root["exp"]?.integer
        else { throw Finding("times that are no whole numbers") }
        let latest = TokenBench.now.seconds + TokenLimits().leewaySeconds
        try require(issued <= latest && begins <= latest && issued >= 0, "a token of the future")
        try require(ends > issued && ends - issued <= TokenLimits().lifetimeSecondsMax, "a token for too long")
        try require(root["iss"]?.string == TokenBench.issuer, "another issuer")
    }
}
