package import StrictJSON

extension BodyReader {
    package mutating func boolean(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolean else { throw .invalid(name, "\(place(name)) must be true or false.") }
        return flag
    }

    /// A member that is an object, for a reader of its own.
    package mutating func object(_ name: String) throws(Problem) -> JSONValue? {
        guard let value = value(name) else { return nil }
        guard value.kind == .object else { throw .invalid(name, "\(place(name)) must be a JSON object.") }
        return value
    }
}
