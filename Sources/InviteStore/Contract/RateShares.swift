package import Platform

/// A wish for a share of what a limit admits in one window.
package struct RateAsk: Equatable, Sendable {
    /// Whose limit it is, such as a key's id.
    package let subject: RecordID
    /// When the window begins, which is what tells windows apart.
    package let window: UnixTime
    /// Requests that the limit admits in the window, over all processes; above 0.
    package let limit: Int
    /// Requests that the share should be for; above 0 and at most `limit`.
    package let wanted: Int

    package init(subject: RecordID, window: UnixTime, limit: Int, wanted: Int) {
        self.subject = subject
        self.window = window
        self.limit = limit
        self.wanted = wanted
    }
}

/// What of a wish was granted.
package struct RateShare: Equatable, Sendable {
    /// Requests that whoever asked may admit; fewer than were wanted only where that is all there was.
    package let granted: Int
    /// Requests of the window that all processes have been granted by now, these included.
    package let taken: Int

    package init(granted: Int, taken: Int) {
        self.granted = granted
        self.taken = taken
    }
}

/// Gives out shares of limits that several processes keep together.
///
/// All shares of one subject and window never add up to more than the limit. What was granted is not taken back, so a
/// share whose answer was lost is lost.
package protocol RateShares: Sendable {
    /// Takes a share; durable before it returns.
    ///
    /// - Throws: ``StoreError``, where nothing may be admitted on the strength of this call.
    func lease(_ ask: RateAsk) async throws(StoreError) -> RateShare
}
