package import HTTPServer
package import Platform
package import StrictJSON

/// Reads one JSON object of a request, member by member, and refuses what is left over.
///
/// Every refusal names the member. A member that is `null` counts as absent. Members that the reader was not asked
/// for are unknown fields: ``finish()`` refuses them, so that a misspelt option never goes unnoticed.
package struct BodyReader {
    private let object: JSONValue
    /// The positions of the members that were asked for; an object has 64 of them at most, or all others are refused.
    private var asked: UInt64 = 0
    /// Put before the names in errors, such as `invites[3].`.
    private let path: String

    /// The object of the request's body; 415 without `application/json`, 400 where it is no JSON object.
    package init(_ request: HTTPRequest, limits: JSONLimits = ServiceLimits.bodyJSON) throws(Problem) {
        try Self.requireJSON(request)
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: request.body, limits: limits)
        } catch {
            throw Problem(error)
        }
        guard document.root.kind == .object else {
            throw Problem(.invalidRequest, "The body must be a JSON object.")
        }
        self.init(document.root, path: "")
    }

    /// The same for a body that may be left out.
    package init?(optional request: HTTPRequest) throws(Problem) {
        if request.body.isEmpty { return nil }
        try self.init(request)
    }

    package init(_ object: JSONValue, path: String) {
        self.object = object
        self.path = path
    }

    private static func requireJSON(_ request: HTTPRequest) throws(Problem) {
        guard let type = request.fields.onlyBytes("content-type"), isJSON(type) else {
            throw Problem(.unsupportedMediaType, "Send the body with Content-Type: application/json.")
        }
    }

    private static let json = Array("application/json".utf8)

    private static func isJSON(_ type: ArraySlice<UInt8>) -> Bool {
        if type == json[...] { return true }
        let parts = type.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map { part in
            ASCIIText.lowercased(part.filter { $0 != 0x20 && $0 != 0x09 })
        }
        return parts.first == json && parts.dropFirst().allSatisfy(charsets.contains)
    }

    private static let charsets = ["charset=utf-8", #"charset="utf-8""#].map { Array($0.utf8) }

    /// The member's value; nil where it is absent or null.
    package mutating func value(_ name: String) -> JSONValue? {
        guard let value = member(name), !value.isNull else { return nil }
        return value
    }

    /// Whether the member stands there at all, be it null.
    package mutating func isGiven(_ name: String) -> Bool {
        member(name) != nil
    }

    private mutating func member(_ name: String) -> JSONValue? {
        guard let member = object.member(name), member.position < UInt64.bitWidth else { return nil }
        asked |= 1 << UInt64(member.position)
        return member.value
    }

    /// Where a member stands, for the sentence of an error; `param` is the bare name of the field.
    package func place(_ name: String) -> String { path + name }

    package mutating func string(_ name: String, charactersMax: Int) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw .invalid(name, "\(place(name)) must be a string.") }
        guard text.utf8.count <= charactersMax else {
            throw .invalid(name, "\(place(name)) must have at most \(charactersMax) characters.")
        }
        return text
    }

    package mutating func requiredString(_ name: String, charactersMax: Int) throws(Problem) -> String {
        guard let text = try string(name, charactersMax: charactersMax) else {
            throw .invalid(name, "\(place(name)) is required.")
        }
        return text
    }

    package mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let value = value(name) else { return nil }
        guard let number = value.integer ?? Self.wholeNumber(value) else {
            throw .invalid(name, "\(place(name)) must be a whole number.")
        }
        guard range.contains(number) else {
            throw .invalid(
                name,
                "\(place(name)) must be from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// The number of `60.0`: JSON Schema counts it among the integers, and some clients write it.
    private static func wholeNumber(_ value: JSONValue) -> Int64? {
        guard value.kind == .number, let dot = value.text.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let fraction = value.text[(dot + 1)...]
        guard !fraction.isEmpty, fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        return Int64(String(decoding: value.text[..<dot], as: UTF8.self))
    }

    /// A list of strings; nil where absent.
    package mutating func strings(
        _ name: String,
        countMax: Int,
        charactersMax: Int
    ) throws(Problem) -> [String]? {
        guard let value = value(name) else { return nil }
        guard value.kind == .array, value.count <= countMax else {
            throw .invalid(name, "\(place(name)) must be a list of at most \(countMax) strings.")
        }
        var texts: [String] = []
        for (index, element) in value.elements.enumerated() {
            guard let text = element.string, text.utf8.count <= charactersMax else {
                throw .invalid(
                    name,
                    "\(place(name))[\(index)] must be a string of at most \(charactersMax) characters."
                )
            }
            texts.append(text)
        }
        return texts
    }

    package mutating func time(_ name: String) throws(Problem) -> UnixTime? {
        guard let text = try string(name, charactersMax: 40) else { return nil }
        guard let time = RFC3339.parse(text) else {
            throw .invalid(name, "\(place(name)) must be an RFC 3339 time such as 2026-11-20T23:15:00Z.")
        }
        return time
    }

    /// Refuses members that were never asked for.
    package func finish() throws(Problem) {
        guard asked.nonzeroBitCount < object.count else { return }
        for (position, member) in object.members.enumerated()
        where position >= UInt64.bitWidth || asked & 1 << UInt64(position) == 0 {
            let name = ShownName.text(member.name)
            throw .invalid(name, "\(place(name)) is not a field of this request.")
        }
    }
}
