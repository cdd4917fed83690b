/// One value or member name of a parsed text, in document order.
///
/// An object is its own node followed by name, value, name, value …; an array its own node followed by its elements.
struct JSONNode: Sendable {
    enum Kind: UInt8, Sendable {
        case object
        case array
        case string
        /// A string with at least one escape, so that its bytes in the text are not its value.
        case escapedString
        case number
        /// A number with a fraction or an exponent.
        case fractionalNumber
        case yes
        case no
        case null
    }

    var kind: Kind
    /// First byte of the content: after the quotation mark of a string, at the first character of all else.
    var start: UInt32
    /// One past the last byte of the content.
    var end: UInt32
    /// Index of the node after this one and everything in it; the parent's index while a container is open.
    var next: UInt32
    /// Members of an object, elements of an array, bytes of a string after unescaping.
    var count: UInt32

    /// Stands for "no parent".
    static let none = UInt32.max
}
