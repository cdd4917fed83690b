/// Text of protocols, which is ASCII and told apart byte by byte: to `String` there are a second semicolon and a second K.
enum ASCIIText {
    /// The bytes with `A` to `Z` in lower case, all others as they are.
    static func lowercased(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    }
}
