/// A view of one member name: compared without an allocation, made into a string only on demand.
///
/// Works in `switch name { case "email": … }`.
package struct JSONName: Sendable {
    private let value: JSONValue
    /// The length of the name after unescaping: most names that are asked for differ in it.
    private let bytesCount: Int

    init(storage: JSONDocument.Storage, index: Int) {
        value = JSONValue(storage: storage, index: index)
        bytesCount = Int(storage.nodes[index].count)
    }

    /// The name after unescaping.
    package var string: String { value.string ?? "" }

    package static func == (name: JSONName, text: StaticString) -> Bool {
        name.bytesCount == text.utf8CodeUnitCount && name.value.stringEquals(text)
    }

    package static func ~= (text: StaticString, name: JSONName) -> Bool { name == text }
}

extension StaticString {
    /// The byte at an offset below `utf8CodeUnitCount`.
    func byte(at offset: Int) -> UInt8 {
        withUTF8Buffer { unsafe $0[offset] }
    }
}
