/// How a request fares when more is asked than can be done.
package enum HTTPUrgency: String, CaseIterable, Sendable {
    /// Answered at once whatever else waits: it costs next to nothing, and whoever asks has to know.
    case always
    /// Refused when half as much again waits as where others are refused: it keeps going what has begun.
    case high
    /// Refused first.
    case normal
}
