package import Platform

/// Deadlines by the thousand at constant cost: a ring of slots, each for one tick of 16.8 ms.
///
/// An entry is a number and a tick. Whoever moves a deadline back leaves the old entry where it is and asks again when
/// it comes up; so a connection that becomes idle ten thousand times a second costs one entry a turn of the ring.
package struct TimerWheel {
    package struct Entry: Equatable {
        package var token: UInt64
        package var tick: UInt64
    }

    /// 2^24 ns.
    private static let tickShift: UInt64 = 24
    private static let slotCount: UInt64 = 1024

    private var slots = [[Entry]](repeating: [], count: Int(slotCount))
    private var currentTick: UInt64
    /// No entry has an earlier tick than this; .max where there is none.
    private var earliestTick = UInt64.max

    package init(now: MonotonicInstant) { currentTick = now.nanoseconds >> Self.tickShift }

    /// The tick at which a deadline is looked at: the first one at or after it, or the end of the ring if nearer.
    package func tick(for deadline: MonotonicInstant) -> UInt64 {
        let wanted = deadline.nanoseconds >> Self.tickShift + 1
        return min(max(wanted, currentTick + 1), currentTick + Self.slotCount - 1)
    }

    /// Adds an entry; `tick` comes from ``tick(for:)``.
    package mutating func insert(_ token: UInt64, tick: UInt64) {
        slots[Int(tick % Self.slotCount)].append(Entry(token: token, tick: tick))
        earliestTick = min(earliestTick, tick)
    }

    /// Takes out all entries whose tick has come.
    package mutating func advance(to now: MonotonicInstant, into due: inout [Entry]) {
        let nowTick = now.nanoseconds >> Self.tickShift
        guard nowTick > currentTick else { return }
        if earliestTick <= nowTick {
            let first = max(earliestTick, currentTick + 1)
            let last = min(nowTick, first + Self.slotCount - 1)
            if first <= last {
                for tick in first...last {
                    let slot = Int(tick % Self.slotCount)
                    due += slots[slot]
                    // A burst of connections must not leave its memory behind.
                    slots[slot].removeAll(keepingCapacity: slots[slot].capacity <= 256)
                }
            }
            currentTick = nowTick
            findEarliest()
        } else {
            currentTick = nowTick
        }
    }

    /// Milliseconds until the next entry comes up, rounded up; nil where there is none.
    package func millisecondsUntilDue(now: MonotonicInstant) -> Int? {
        guard earliestTick != .max else { return nil }
        let due = MonotonicInstant(nanoseconds: earliestTick << Self.tickShift)
        return Int(clamping: (due.nanoseconds(since: now) + 999_999) / 1_000_000)
    }

    private mutating func findEarliest() {
        earliestTick = .max
        for tick in currentTick + 1..<currentTick + Self.slotCount where !slots[Int(tick % Self.slotCount)].isEmpty {
            earliestTick = tick
            return
        }
    }
}
