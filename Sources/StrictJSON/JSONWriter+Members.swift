// A name and its value in one call; nil is written as null.
extension JSONWriter {
    package mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    package mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    package mutating func member(_ name: StaticString, _ value: Int) {
        self.name(name)
        integer(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    package mutating func member(_ name: StaticString, _ value: Int64) {
        self.name(name)
        integer(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int64?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    package mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        boolean(value)
    }

    package mutating func member(_ name: StaticString, _ value: [String]) {
        self.name(name)
        beginArray()
        for element in value { string(element) }
        endArray()
    }

    /// Writes a member whose value is JSON already.
    package mutating func member(_ name: StaticString, raw json: [UInt8]) {
        self.name(name)
        raw(json)
    }
}

// Members whose values are plain ASCII: nothing in them needs an escape, and no `String` is made for them.
extension JSONWriter {
    /// Writes a member of `length` plain characters, which `fill` puts in place.
    package mutating func member(
        _ name: StaticString,
        plain length: Int,
        _ fill: (inout MutableSpan<UInt8>) -> Void
    ) {
        self.name(name)
        string(plain: length, fill)
    }

    package mutating func member(_ name: StaticString, plain value: [UInt8]) {
        self.name(name)
        string(plain: value)
    }
}
