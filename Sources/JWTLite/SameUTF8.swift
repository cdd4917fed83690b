import Glibc

extension String {
    /// Whether both strings are the same bytes.
    ///
    /// `==` would hold for two Unicode spellings of one text as well, which no identifier may have.
    func hasSameUTF8(as other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let isSame = unsafe utf8.withContiguousStorageIfAvailable { left in
            unsafe other.utf8.withContiguousStorageIfAvailable { right in
                guard let leftBase = left.baseAddress, let rightBase = right.baseAddress else { return left.isEmpty }
                return unsafe memcmp(leftBase, rightBase, left.count) == 0
            }
        }
        // Neither native string lacks contiguous storage; the slow way is for any other.
        return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}
