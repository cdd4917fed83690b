/// Lists of web origins: an empty list stands for any origin, and where several lists stand, all must allow.
package enum OriginList {
    /// Stands alone in the list that nobody is on: no browser sends an empty `Origin`.
    ///
    /// Two lists may have no origin in common, and the empty list would let everybody in.
    package static let nobody = [""]

    /// The one list that allows what both allow, in the order of the first.
    package static func joined(_ first: [String], _ second: [String]) -> [String] {
        if first.isEmpty { return second }
        if second.isEmpty { return first }
        let common = first.filter { second.contains($0) }
        return common.isEmpty ? nobody : common
    }

    /// Exact match; a request without an origin does not come from a browser page and is decided on elsewhere.
    package static func allows(_ origin: String?, by list: [String]) -> Bool {
        guard !list.isEmpty, let origin else { return true }
        return !origin.isEmpty && list.contains(origin)
    }
}
