import OpenSSLKit
import StrictJSON

/// The batch verifier for key owners and test vectors: one JSON line in, one verdict out.
///
/// Signatures and headers only, no claims. A line is `{"id","kind":"jws","jwks","token"}` or
/// `{"id","kind":"raw","alg","jwk","msg","sig"}` with `msg` and `sig` in hexadecimal; other members are passed over.
package enum JoseCheck {
    /// The verdict on a line; nil where not even an `id` can be read.
    ///
    /// A line that is not strict JSON, or whose other members are missing or wrong, is not ok.
    package static func check(line: [UInt8]) -> (id: String, ok: Bool)? {
        guard let verdict = verdict(line: line) else { return nil }
        return (id: verdict.id.string ?? String(decoding: verdict.id.text, as: UTF8.self), ok: verdict.ok)
    }

    /// The line that answers a line, `{"id":…,"ok":…}` without a line feed; nil where not even an `id` can be read.
    package static func answer(line: [UInt8]) -> [UInt8]? {
        guard let verdict = verdict(line: line) else { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        if let id = verdict.id.string { writer.member("id", id) } else { writer.member("id", raw: verdict.id.text) }
        writer.member("ok", verdict.ok)
        writer.endObject()
        return writer.bytes
    }

    private static func verdict(line: [UInt8]) -> (id: JSONValue, ok: Bool)? {
        guard let root = try? JSONDocument(parsing: line).root else {
            return IDSalvage.id(in: line).map { ($0, false) }
        }
        guard let id = root["id"], id.kind == .string || id.kind == .number else { return nil }
        guard let kind = root["kind"] else { return (id, false) }
        if kind.stringEquals("jws") { return (id, checkToken(root)) }
        if kind.stringEquals("raw") { return (id, checkRaw(root)) }
        return (id, false)
    }

    // MARK: Tokens

    private static func checkToken(_ line: JSONValue) -> Bool {
        guard let set = line["jwks"], let keys = try? JWKSet(parsing: set, unusableKeys: .ignored),
            let text = line["token"]?.stringUTF8, let parts = try? CompactToken(text),
            let headerBytes = Base64URL.decode(parts.header), let header = JOSEHeader(parsing: headerBytes),
            Base64URL.decode(parts.payload) != nil,
            let signature = Base64URL.decode(parts.signature),
            let key = key(for: header, in: keys)
        else { return false }
        return header.algorithm.stringEquals(utf8: Array(key.algorithm.rawValue.utf8))
            && parts.isSigned(by: key.key, signature)
    }

    /// The key that the header names; the only one of the set where it names none.
    private static func key(for header: JOSEHeader, in set: JWKSet) -> JWK? {
        if let keyID = header.keyID {
            return set.keys.first { $0.keyID?.hasSameUTF8(as: keyID) ?? false }
        }
        // An ignored key counts: with two in the set it is not plain which one was meant.
        return set.listedCount == 1 ? set.keys.first : nil
    }

    // MARK: Raw signatures

    private static func checkRaw(_ line: JSONValue) -> Bool {
        guard let value = line["jwk"], let key = try? JWK(parsing: value), let algorithm = line["alg"],
            algorithm.stringEquals(utf8: Array(key.algorithm.rawValue.utf8)),
            let message = line["msg"]?.stringUTF8.flatMap(hexadecimal),
            let signature = line["sig"]?.stringUTF8.flatMap(hexadecimal)
        else { return false }
        return key.key.isValid(signature, for: message)
    }

    private static func hexadecimal(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = character - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }
}
