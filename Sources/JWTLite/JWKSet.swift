package import StrictJSON

/// A set of public signing keys (RFC 7517 section 5).
package struct JWKSet: Sendable {
    /// What becomes of a key that cannot be used here.
    package enum UnusableKeys: Sendable {
        /// The set is refused: for sets of our own making.
        case refused
        /// The key is passed over, as RFC 7517 section 5 asks for: for sets from elsewhere.
        case ignored
    }

    /// Most keys that a set may hold.
    package static let keysMax = 64

    /// The usable keys, in the order of the set.
    package let keys: [JWK]
    /// All keys that the set lists, the ignored ones included.
    package let listedCount: Int

    package init(keys: [JWK]) {
        self.keys = keys
        listedCount = keys.count
    }

    /// Reads a set from its JSON text of at most 64 KiB.
    package init(parsing bytes: [UInt8], unusableKeys: UnusableKeys = .refused) throws(JWKError) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes, limits: JSONLimits(bytesMax: 1 << 16, valuesMax: 4096))
        } catch {
            throw .malformed(error)
        }
        try self.init(parsing: document.root, unusableKeys: unusableKeys)
    }

    /// Reads a set out of a larger text.
    package init(parsing value: JSONValue, unusableKeys: UnusableKeys = .refused) throws(JWKError) {
        guard let list = value["keys"], list.kind == .array else { throw .wrongShape }
        guard list.count <= Self.keysMax else { throw .tooManyKeys }
        var keys: [JWK] = []
        var keyIDs: Set<String> = []
        for element in list.elements {
            do throws(JWKError) {
                keys.append(try JWK(parsing: element))
            } catch {
                if unusableKeys == .refused { throw error }
                continue
            }
            if let keyID = keys.last?.keyID, !keyIDs.insert(keyID).inserted { throw .duplicateKeyID }
        }
        self.keys = keys
        listedCount = list.count
    }

    /// The JSON text, ready to be served.
    package func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("keys")
        writer.beginArray()
        for key in keys { key.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
