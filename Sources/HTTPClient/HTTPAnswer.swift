/// One answer, its fields in the order that they came in.
package struct HTTPAnswer: Equatable, Sendable {
    package var status: Int
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []

    package init(status: Int) { self.status = status }

    /// The value of the first field of this name, which is given in lower case.
    package func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    package static func == (left: HTTPAnswer, right: HTTPAnswer) -> Bool {
        left.status == right.status && left.body == right.body
            && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// The bounds of an answer.
package struct HTTPAnswerLimits: Equatable, Sendable {
    /// Bytes of status lines, fields and trailers together, those of interim answers included.
    package var headBytesMax = 16_384
    /// Fields of one head, trailers included.
    package var fieldsMax = 100
    /// Interim answers (1xx) before the one that counts.
    package var interimMax = 8
    /// Bytes of the body; nil to stop at the end of the head and leave the body unread.
    package var bodyBytesMax: Int?

    package init(bodyBytesMax: Int?) { self.bodyBytesMax = bodyBytesMax }
}
