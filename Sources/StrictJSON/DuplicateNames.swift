/// The search for two equal names in one object, compared after unescaping (RFC 8259 section 4).
///
/// Few names are compared in pairs. Many go through a table keyed by the standard library's hash, which is seeded anew
/// in each process, so that no text can be made whose names collide: the work stays linear in the bytes.
enum DuplicateNames {
    /// Up to this many members pairs are cheaper than a table.
    private static let pairedMembersMax = 8

    /// The node of the first name that repeats an earlier one.
    static func first(inObject object: UInt32, nodes: [JSONNode], bytes: [UInt8]) -> Int? {
        if nodes[Int(object)].count <= pairedMembersMax {
            firstByPairs(inObject: Int(object), nodes: nodes, bytes: bytes)
        } else {
            firstByTable(inObject: Int(object), nodes: nodes, bytes: bytes)
        }
    }

    private static func firstByPairs(inObject object: Int, nodes: [JSONNode], bytes: [UInt8]) -> Int? {
        let end = Int(nodes[object].next)
        var name = Int(nodes[object + 1 + 1].next)
        while name < end {
            var earlier = object + 1
            while earlier < name {
                if namesAreEqual(nodes[name], nodes[earlier], bytes) { return name }
                earlier = Int(nodes[earlier + 1].next)
            }
            name = Int(nodes[name + 1].next)
        }
        return nil
    }

    private static func firstByTable(inObject object: Int, nodes: [JSONNode], bytes: [UInt8]) -> Int? {
        var slotCount = 32
        while slotCount < Int(nodes[object].count) * 2 { slotCount *= 2 }
        // A slot holds a node's index; 0 is free, since node 0 is never a name.
        var slots = [(node: UInt32, hash: Int)](repeating: (0, 0), count: slotCount)
        let end = Int(nodes[object].next)
        var name = object + 1
        while name < end {
            let hash = hashOfName(nodes[name], bytes)
            var slot = hash & (slotCount - 1)
            while slots[slot].node != 0 {
                if slots[slot].hash == hash, namesAreEqual(nodes[name], nodes[Int(slots[slot].node)], bytes) {
                    return name
                }
                slot = (slot + 1) & (slotCount - 1)
            }
            slots[slot] = (UInt32(name), hash)
            name = Int(nodes[name + 1].next)
        }
        return nil
    }

    private static func hashOfName(_ name: JSONNode, _ bytes: [UInt8]) -> Int {
        var hasher = Hasher()
        if name.kind == .escapedString {
            let unescaped = [UInt8](UnescapedBytes(bytes, from: Int(name.start), to: Int(name.end)))
            unsafe unescaped.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        } else {
            unsafe bytes.withUnsafeBytes { all in
                unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: all[Int(name.start)..<Int(name.end)]))
            }
        }
        return hasher.finalize()
    }

    private static func namesAreEqual(_ left: JSONNode, _ right: JSONNode, _ bytes: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        if left.kind == .string, right.kind == .string {
            var leftIndex = Int(left.start)
            var rightIndex = Int(right.start)
            while leftIndex < Int(left.end) {
                if bytes[leftIndex] != bytes[rightIndex] { return false }
                leftIndex += 1
                rightIndex += 1
            }
            return true
        }
        return UnescapedBytes(bytes, from: Int(left.start), to: Int(left.end))
            .elementsEqual(UnescapedBytes(bytes, from: Int(right.start), to: Int(right.end)))
    }
}
