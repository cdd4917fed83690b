/// The parameters of a query string, decoded (`application/x-www-form-urlencoded`, WHATWG URL section 5).
package struct QueryParameters: Sendable {
    /// At most this many parameters.
    package static let countMax = 32

    package private(set) var pairs: [(name: String, value: String)] = []

    package init() {}

    /// Decodes; the problem names what is wrong.
    ///
    /// Refused: more than 32 parameters, a name given twice, a broken percent escape, bytes that are not UTF-8, and
    /// control characters.
    package init(parsing query: String) throws(Problem) {
        for part in query.split(separator: "&", omittingEmptySubsequences: true) {
            guard pairs.count < Self.countMax else {
                throw Problem(.invalidRequest, "More than \(Self.countMax) query parameters.")
            }
            let equals = part.firstIndex(of: "=")
            guard let name = Self.decode(part[..<(equals ?? part.endIndex)]) else {
                throw Problem(.invalidRequest, "The name of a query parameter is not percent-encoded UTF-8 text.")
            }
            guard let value = Self.decode(equals.map { part[part.index(after: $0)...] } ?? "") else {
                throw .invalid(ShownName.text(name), "A query parameter is not valid percent-encoded UTF-8 text.")
            }
            guard !pairs.contains(where: { $0.name == name }) else {
                throw Problem(
                    .invalidRequest,
                    "A query parameter was given more than once.",
                    param: ShownName.text(name)
                )
            }
            pairs.append((name, value))
        }
    }

    /// The value of one parameter of a form, the others unread: OAuth servers ignore what they do not know, and refuse
    /// what is repeated (RFC 6749 section 3.2).
    package static func value(of name: String, inForm form: String) throws(Problem) -> String? {
        var found: String?
        for part in form.split(separator: "&", omittingEmptySubsequences: true) {
            let equals = part.firstIndex(of: "=")
            guard decode(part[..<(equals ?? part.endIndex)]) == name else { continue }
            let text = equals.map { part[part.index(after: $0)...] } ?? ""
            guard found == nil, let value = decode(text, allowsControls: true) else {
                throw .invalid(name, "\(name) must be given once, as percent-encoded UTF-8 text.")
            }
            found = value
        }
        return found
    }

    package subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Refuses every parameter that is not in the list.
    package func allow(_ names: [String]) throws(Problem) {
        for pair in pairs where !names.contains(pair.name) {
            throw Problem(.invalidRequest, "Unknown query parameter.", param: ShownName.text(pair.name))
        }
    }

    private static func decode(_ text: Substring, allowsControls: Bool = false) -> String? {
        PercentEncoding.decode(text, isForm: true, allowsControls: allowsControls)
    }
}
