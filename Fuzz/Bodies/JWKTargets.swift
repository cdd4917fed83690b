import JWTLite
import OpenSSLKit
import StrictJSON

/// One public key as JSON: what is accepted is public, for signatures, and comes back the same.
enum JWKTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        guard let root = try? JSONDocument(parsing: bytes).root, let key = try? JWK(parsing: root) else { return }
        try hold(key, root)
    }

    static func hold(_ key: JWK, _ value: JSONValue) throws(Finding) {
        try require(value["d"] == nil && value["k"] == nil, "a private key")
        try require(value["alg"]?.string == key.algorithm.rawValue, "an algorithm that the key does not name")
        try require(key.key.x.count == 32 && (key.key.y?.count ?? 32) == 32, "a coordinate of another length")
        try require((key.key.y == nil) == (key.algorithm == .edDSA), "a curve of the other algorithm")
        try require(key.thumbprint.utf8.count == 43, "a thumbprint of \(key.thumbprint.utf8.count) characters")
        try require(!key.key.isValid([UInt8](repeating: 0, count: 64), for: []), "a signature of zeros")
        var writer = JSONWriter()
        key.write(to: &writer)
        guard let root = try? JSONDocument(parsing: writer.bytes).root, let again = try? JWK(parsing: root) else {
            throw Finding("a key that is not read again")
        }
        try require(isSame(key, again), "another key")
    }

    static func isSame(_ left: JWK, _ right: JWK) -> Bool {
        left.key.x == right.key.x && left.key.y == right.key.y && left.algorithm == right.algorithm
            && left.thumbprint == right.thumbprint
            && (left.keyID.map { Array($0.utf8) } == right.keyID.map { Array($0.utf8) })
    }
}

/// A set of public keys: what is accepted whole is accepted in part, and comes back the same.
enum JWKSetTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        let lenient = try? JWKSet(parsing: bytes, unusableKeys: .ignored)
        let strict = try? JWKSet(parsing: bytes)
        guard let lenient else {
            try require(strict == nil, "refused in part and accepted whole")
            return
        }
        try require(lenient.keys.count <= lenient.listedCount, "more keys than are listed")
        try require(lenient.listedCount <= JWKSet.keysMax, "\(lenient.listedCount) keys")
        let names = lenient.keys.compactMap { $0.keyID.map { Array($0.utf8) } }
        try require(Set(names).count == names.count, "one name of two keys")
        guard let strict else { return }
        try require(strict.keys.count == strict.listedCount, "a key was passed over")
        try require(strict.keys.elementsEqual(lenient.keys, by: JWKTarget.isSame), "two readings of one set")
        guard let again = try? JWKSet(parsing: strict.serialized()) else { throw Finding("a set not read again") }
        try require(again.keys.elementsEqual(strict.keys, by: JWKTarget.isSame), "another set")
    }
}
