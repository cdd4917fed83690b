/// A parsed JSON text (RFC 8259): the bytes and a flat array of nodes over them, shared by all values of the text.
package struct JSONDocument: Sendable {
    /// What all values of one text share.
    final class Storage: Sendable {
        let bytes: [UInt8]
        let nodes: [JSONNode]

        init(bytes: [UInt8], nodes: [JSONNode]) {
            self.bytes = bytes
            self.nodes = nodes
        }
    }

    private let storage: Storage

    /// Parses a whole text, strictly.
    ///
    /// Refused, besides what the grammar refuses: repeated member names (compared after unescaping), a byte order mark,
    /// ill-formed UTF-8, lone surrogates in escapes, and whatever goes past `limits`.
    /// - Complexity: O(bytes); no string is made until one is asked for.
    package init(parsing bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        var parser = JSONParser(bytes, limits: limits)
        try parser.parse()
        storage = Storage(bytes: bytes, nodes: parser.nodes)
    }

    /// The value that the text holds.
    package var root: JSONValue { JSONValue(storage: storage, index: 0) }
}
