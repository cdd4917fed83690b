/// The open connections of a loop, by a number that is never used twice.
///
/// A token is a slot and the generation of its use, so that a late event or answer for a connection that has gone finds
/// nothing instead of its successor.
struct ConnectionTable {
    private var slots: [ConnectionSlot?] = []
    private var generations: [UInt32] = []
    private var free: [UInt32] = []
    private(set) var count = 0

    /// A token for a new connection, or nil beyond four billion of them.
    mutating func reserve() -> UInt64? {
        if let slot = free.popLast() { return UInt64(generations[Int(slot)]) << 32 | UInt64(slot) }
        // The highest slot numbers stand for listeners.
        guard slots.count < 0x7FFF_FFFF else { return nil }
        slots.append(nil)
        generations.append(0)
        return UInt64(slots.count - 1)
    }

    /// Gives a reserved token back unused.
    mutating func release(_ token: UInt64) { free.append(UInt32(truncatingIfNeeded: token)) }

    mutating func insert(_ slot: ConnectionSlot) {
        slots[Self.index(slot.connection.token)] = slot
        count += 1
    }

    subscript(token: UInt64) -> ConnectionSlot? {
        let index = Self.index(token)
        guard index < slots.count, generations[index] == UInt32(truncatingIfNeeded: token >> 32) else { return nil }
        return slots[index]
    }

    mutating func remove(_ token: UInt64) {
        let index = Self.index(token)
        guard index < slots.count, generations[index] == UInt32(truncatingIfNeeded: token >> 32), slots[index] != nil
        else { return }
        slots[index] = nil
        generations[index] &+= 1
        free.append(UInt32(truncatingIfNeeded: index))
        count -= 1
    }

    /// All connections, in no order.
    var all: [ConnectionSlot] { slots.compactMap { $0 } }

    private static func index(_ token: UInt64) -> Int { Int(token & 0xFFFF_FFFF) }
}
