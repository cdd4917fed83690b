package import InviteStore

/// Which events an endpoint is told of: types such as `invite.created`, starts such as `invite.*`, or `*` for all.
package struct WebhookFilter: Equatable, Sendable {
    /// The event that is for the one endpoint which it names, whatever its list says.
    package static let testType = "webhook.tested"

    private let types: Set<String>
    /// Starts of types, with their last dot; the empty one is that of `*`.
    private let starts: [String]

    package init(_ texts: [String]) {
        types = Set(texts.filter { $0.last != "*" })
        starts = texts.filter { $0.last == "*" }.map { String($0.dropLast()) }
    }

    /// Whether the text may stand on a list: words of `a-z 0-9 _` that begin with a letter, with dots between, at least
    /// two of them or a last one that is `*`; or `*` alone.
    package static func isEvent(_ text: String) -> Bool {
        if text == "*" { return true }
        var words = text.split(separator: ".", omittingEmptySubsequences: false)[...]
        guard text.utf8.count <= ServiceLimits.webhookEventCharactersMax, words.count >= 2 else { return false }
        if words.last == "*" { words = words.dropLast() }
        return words.allSatisfy { word in
            guard let first = word.utf8.first, (0x61...0x7A).contains(first) else { return false }
            return word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        }
    }

    /// Whether an endpoint with this list, whose id as text is `target`, is told of the event.
    package func matches(_ event: AuditDraft, target: String) -> Bool {
        if event.type == Self.testType, event.target == target { return true }
        return types.contains(event.type) || starts.contains { event.type.hasPrefix($0) }
    }
}
