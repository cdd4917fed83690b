/// A view of one member name: compared without an allocation, made into a string only on demand.
///
/// Works in `switch name { case "email": … }`.
package struct JSONName: Sendable {
    private let value: JSONValue

    init(storage: JSONDocument.Storage, index: Int) {
        value = JSONValue(storage: storage, index: index)
    }

    /// The name after unescaping.
    package var string: String { value.string ?? "" }

    package static func == (name: JSONName, text: StaticString) -> Bool { name.value.stringEquals(text) }

    package static func ~= (text: StaticString, name: JSONName) -> Bool { name.value.stringEquals(text) }

    /// Compares the bytes: no Unicode normalisation, so two spellings of one character differ (RFC 8259 section 8.3).
    static func == (name: JSONName, text: String) -> Bool {
        guard name.value.stringBytesCount == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { unsafe name.value.stringEquals($0) }
    }
}

extension StaticString {
    /// The byte at an offset below `utf8CodeUnitCount`.
    func byte(at offset: Int) -> UInt8 {
        withUTF8Buffer { unsafe $0[offset] }
    }
}
