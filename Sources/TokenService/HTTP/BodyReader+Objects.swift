package import StrictJSON

extension BodyReader {
    package mutating func boolean(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolean else { throw .invalid(name, "\(place(name)) must be true or false.") }
        return flag
    }

    /// Refuses members that are null where they can not go back to anything.
    package mutating func refuseNull(_ names: [String]) throws(Problem) {
        for name in names where isGiven(name) && value(name) == nil {
            throw .invalid(name, "\(place(name)) must not be null.")
        }
    }

    /// A member that is an object, for a reader of its own.
    package mutating func object(_ name: String) throws(Problem) -> JSONValue? {
        guard let value = value(name) else { return nil }
        guard value.kind == .object else { throw .invalid(name, "\(place(name)) must be a JSON object.") }
        return value
    }
}
