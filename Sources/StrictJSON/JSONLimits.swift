/// The bounds within which a JSON text is accepted (RFC 8259 section 9 allows a parser to set them).
package struct JSONLimits: Sendable {
    /// Longest text, in bytes.
    package var bytesMax: Int
    /// Deepest nesting of arrays and objects; a lone scalar has depth 0, `[]` has depth 1.
    package var depthMax: Int
    /// Most values in a text: scalars, arrays and objects, member names not counted.
    package var valuesMax: Int
    /// Longest number, in characters, sign and point included.
    package var numberDigitsMax: Int
    /// Longest string or member name, in bytes after unescaping.
    package var stringBytesMax: Int

    package init(
        bytesMax: Int = 1 << 20,
        depthMax: Int = 8,
        valuesMax: Int = 20_000,
        numberDigitsMax: Int = 32,
        stringBytesMax: Int = 1 << 20
    ) {
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.valuesMax = valuesMax
        self.numberDigitsMax = numberDigitsMax
        self.stringBytesMax = stringBytesMax
    }
}
