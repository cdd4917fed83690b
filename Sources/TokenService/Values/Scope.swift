/// One permission of a key: a resource and an action, stored as `resource:action`.
///
/// Three spellings are read, since clients of four products write them: `candidates:read`, `candidates.read` and
/// `read:candidates`; one is stored.
package struct Scope: Hashable, Comparable, Sendable {
    package enum Action: String, Sendable, CaseIterable {
        case read
        case write
        case delete
    }

    /// The longest text of a scope: a resource, a separator, an action.
    package static let charactersMax = 48

    /// 1 to 40 of `a-z 0-9 _`, starting with a letter.
    package let resource: String
    package let action: Action

    /// The canonical spelling.
    package let text: String

    package init(_ resource: String, _ action: Action) {
        self.resource = resource
        self.action = action
        text = "\(resource):\(action.rawValue)"
    }

    /// Reads any of the three spellings; nil where the text is none of them.
    package init?(parsing text: String) {
        guard text.utf8.count <= Self.charactersMax else { return nil }
        if let dot = text.firstIndex(of: ".") {
            guard let action = Action(rawValue: String(text[text.index(after: dot)...])) else { return nil }
            self.init(checked: String(text[..<dot]), action)
            return
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let left = String(text[..<colon])
        let right = String(text[text.index(after: colon)...])
        if let action = Action(rawValue: right) {
            self.init(checked: left, action)
        } else if let action = Action(rawValue: left) {
            self.init(checked: right, action)
        } else {
            return nil
        }
    }

    private init?(checked resource: String, _ action: Action) {
        let utf8 = resource.utf8
        guard let first = utf8.first, utf8.count <= 40, first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z"),
            utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"):
                    return true
                default: return false
                }
            })
        else { return nil }
        self.init(resource, action)
    }

    package static func < (left: Scope, right: Scope) -> Bool { left.text < right.text }

    /// The resources of this service, as opposed to those that a workspace registers for its own.
    package static let ownResources: Set<String> = [
        "invites", "tokens", "keys", "policies", "audit", "usage", "webhooks", "workspaces", "signing_keys",
        "participants",
    ]

    /// Resources that only keys of kind `admin` or `platform` may reach.
    package static let adminResources: Set<String> = ["keys", "policies", "workspaces", "signing_keys"]

    /// True where a key of kind `standard` must not hold this scope.
    package var needsAdmin: Bool { Self.adminResources.contains(resource) }

    /// Every scope of this service but those on workspaces: what the first key of a workspace gets.
    package static let allOfWorkspace: [Scope] = ownResources.subtracting(["workspaces"]).flatMap { resource in
        Action.allCases.map { Scope(resource, $0) }
    }.sorted()
}
