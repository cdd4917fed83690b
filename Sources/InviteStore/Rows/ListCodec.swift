#if SQLite || Postgres
    /// Lists of strings in one column: each string's length in bytes (4, big-endian), then its UTF-8.
    enum ListCodec {
        /// Nil, which is NULL, for the empty list.
        static func encode(_ list: [String]) -> [UInt8]? {
            guard !list.isEmpty else { return nil }
            var bytes: [UInt8] = []
            for element in list {
                let count = UInt32(clamping: element.utf8.count)
                for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
                bytes.append(contentsOf: element.utf8)
            }
            return bytes
        }

        /// Nil where the bytes are not what `encode` makes.
        static func decode(_ bytes: [UInt8]?) -> [String]? {
            guard let bytes else { return [] }
            var list: [String] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                guard rest.count >= 4 else { return nil }
                let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(4)
                guard rest.count >= count else { return nil }
                list.append(String(decoding: rest.prefix(count), as: UTF8.self))
                rest = rest.dropFirst(count)
            }
            return list
        }
    }
#endif
