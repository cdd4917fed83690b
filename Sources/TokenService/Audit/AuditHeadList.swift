package import InviteStore
import StrictJSON

/// One head as it is kept elsewhere: in a file, in a log, in another chain.
package struct AuditHeadMark: Equatable, Sendable {
    package var chain: Int64
    package var sequence: Int64
    /// The MAC of that link; 32 bytes.
    package var mac: [UInt8]

    package init(chain: Int64, sequence: Int64, mac: [UInt8]) {
        self.chain = chain
        self.sequence = sequence
        self.mac = mac
    }

    package init(_ head: AuditHead) { self.init(chain: head.chain, sequence: head.sequence, mac: head.mac) }
}

/// Heads of all chains as JSON: `{"heads":[{"chain":1,"sequence":42,"mac":"…"}]}`, the MAC in base64url.
package enum AuditHeadList {
    /// Chains that one list may name.
    package static let countMax = 1_024

    package static func json(_ heads: [AuditHeadMark]) -> [UInt8] {
        var writer = JSONWriter(capacity: 32 + 96 * heads.count)
        writer.beginObject()
        writer.name("heads")
        writer.beginArray()
        for head in heads {
            writer.beginObject()
            writer.member("chain", head.chain)
            writer.member("sequence", head.sequence)
            writer.member("mac", Base64URLText.encode(head.mac))
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Reads a list; nil where it is not one.
    package static func parse(_ json: [UInt8]) -> [AuditHeadMark]? {
        let limits = JSONLimits(bytesMax: 256 * 1024, valuesMax: 5 * countMax)
        guard let document = try? JSONDocument(parsing: json, limits: limits),
            let list = document.root["heads"], list.kind == .array, list.count <= countMax
        else { return nil }
        var heads: [AuditHeadMark] = []
        for element in list.elements {
            guard let chain = element["chain"]?.integer, let sequence = element["sequence"]?.integer,
                let mac = element["mac"]?.string.flatMap(Base64URLText.decode), mac.count == 32
            else { return nil }
            heads.append(AuditHeadMark(chain: chain, sequence: sequence, mac: mac))
        }
        return heads
    }
}
