import Platform

/// A point of a simulation: its place in the order of all that happens, and what the clocks say there.
struct Moment {
    let tick: Int
    let wall: UnixTime
    let monotonic: MonotonicInstant

    /// Before everything.
    static let start = Moment(
        tick: 0,
        wall: UnixTime(milliseconds: 0),
        monotonic: MonotonicInstant(nanoseconds: 0)
    )
}
