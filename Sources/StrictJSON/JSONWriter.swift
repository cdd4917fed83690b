/// Writes JSON into one growing array of bytes; commas and escapes are seen to here.
///
/// The caller opens and closes containers in order and gives a name before each member; that order is not checked.
/// Names given as literals and texts given as plain are written as they are: they hold no quotation mark, backslash or
/// control character.
package struct JSONWriter {
    /// Filled up to `count`; the rest is room.
    private var storage: [UInt8]
    private var count = 0
    private var needsComma = false

    /// An empty writer with room for `capacity` bytes.
    package init(capacity: Int = 256) {
        storage = []
        grow(capacity)
    }

    /// What has been written so far.
    package var bytes: [UInt8] {
        mutating get {
            if storage.count > count { storage.removeLast(storage.count - count) }
            return storage
        }
    }

    // MARK: Containers

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's name; its value must follow.
    package mutating func name(_ name: StaticString) {
        name.withUTF8Buffer { name in
            assert(unsafe !PlainBytes.needEscapes(UnsafeRawBufferPointer(name)), "a member's name is plain")
            unsafe appendName(UnsafeRawBufferPointer(name))
        }
    }

    /// Writes a member's name known only at run time; its value must follow.
    @_disfavoredOverload
    package mutating func name(_ name: String) {
        string(name)
        put(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    package mutating func string(_ value: String) {
        separate()
        var value = value
        value.withUTF8 { unsafe appendString($0) }
    }

    /// Writes a string of ASCII bytes; a byte above 0x7F is written as U+FFFD.
    package mutating func string(ascii value: [UInt8]) {
        separate()
        if value.contains(where: { $0 >= 0x80 }) {
            var scalars = String.UnicodeScalarView()
            scalars.append(contentsOf: value.lazy.map { $0 < 0x80 ? Unicode.Scalar($0) : "\u{FFFD}" })
            var text = String(scalars)
            text.withUTF8 { unsafe appendString($0) }
        } else {
            unsafe value.withUnsafeBufferPointer { unsafe appendString($0) }
        }
    }

    /// Writes a string of `length` plain ASCII characters, which `fill` puts in place.
    package mutating func string(plain length: Int, _ fill: (inout MutableSpan<UInt8>) -> Void) {
        separate()
        unsafe write(length + 2) { place in
            unsafe place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            var span = unsafe MutableSpan(
                _unsafeStart: (place + 1).assumingMemoryBound(to: UInt8.self),
                count: length
            )
            fill(&span)
            unsafe (place + length + 1).storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            return length + 2
        }
    }

    /// Writes a string of plain ASCII bytes, such as a token.
    package mutating func string(plain value: [UInt8]) {
        separate()
        unsafe value.withUnsafeBytes { unsafe appendQuoted($0) }
    }

    package mutating func integer(_ value: Int) { integer(Int64(value)) }

    package mutating func integer(_ value: Int64) {
        separate()
        // The digits come lowest first: they fill the place from its end, and are then moved to its start.
        unsafe write(20) { place in
            var rest = value.magnitude
            var first = 20
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                first -= 1
                unsafe (place + first).storeBytes(of: UInt8(ascii: "0") + UInt8(digit), as: UInt8.self)
                rest = quotient
            } while rest > 0
            if value < 0 {
                first -= 1
                unsafe (place + first).storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
            }
            unsafe place.copyMemory(from: place + first, byteCount: 20 - first)
            return 20 - first
        }
    }

    package mutating func boolean(_ value: Bool) {
        separate()
        append(value ? "true" : "false")
    }

    package mutating func null() {
        separate()
        append("null")
    }

    /// Writes one value that is JSON already, as it is.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        unsafe json.withUnsafeBytes { unsafe append($0) }
    }

    // MARK: Bytes

    private mutating func begin(_ byte: UInt8) {
        separate()
        put(byte)
        needsComma = false
    }

    private mutating func end(_ byte: UInt8) {
        put(byte)
        needsComma = true
    }

    /// Puts the comma that stands before all but the first member or element.
    private mutating func separate() {
        if needsComma { put(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func put(_ byte: UInt8) {
        unsafe write(1) { place in
            unsafe place.storeBytes(of: byte, as: UInt8.self)
            return 1
        }
    }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe append(UnsafeRawBufferPointer($0)) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        unsafe write(bytes.count) { place in
            unsafe place.copyMemory(from: start, byteCount: bytes.count)
            return bytes.count
        }
    }

    /// Appends a quoted string, escaping what RFC 8259 section 7 demands and no more.
    private mutating func appendString(_ utf8: UnsafeBufferPointer<UInt8>) {
        guard unsafe PlainBytes.needEscapes(UnsafeRawBufferPointer(utf8)) else {
            return unsafe appendQuoted(UnsafeRawBufferPointer(utf8))
        }
        put(UInt8(ascii: "\""))
        for index in 0..<utf8.count { appendEscaped(unsafe utf8[index]) }
        put(UInt8(ascii: "\""))
    }

    private mutating func appendQuoted(_ bytes: UnsafeRawBufferPointer) {
        unsafe write(bytes.count + 2) { place in
            unsafe place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            if let start = bytes.baseAddress {
                unsafe (place + 1).copyMemory(from: start, byteCount: bytes.count)
            }
            unsafe (place + bytes.count + 1).storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            return bytes.count + 2
        }
    }

    private mutating func appendName(_ name: UnsafeRawBufferPointer) {
        let hasComma = needsComma
        unsafe write(name.count + 4) { place in
            var place = unsafe place
            if hasComma {
                unsafe place.storeBytes(of: UInt8(ascii: ","), as: UInt8.self)
                unsafe place += 1
            }
            unsafe place.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            if let start = name.baseAddress { unsafe (place + 1).copyMemory(from: start, byteCount: name.count) }
            unsafe (place + name.count + 1).storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
            unsafe (place + name.count + 2).storeBytes(of: UInt8(ascii: ":"), as: UInt8.self)
            return name.count + (hasComma ? 4 : 3)
        }
        needsComma = false
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        case 0x00..<0x20:
            append(byte < 0x10 ? "\\u000" : "\\u001")
            let digit = byte & 0x0F
            put(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        default: put(byte)
        }
    }

    /// Lends `room` bytes behind what is written; `fill` says how many of them it wrote, which is at most `room`.
    @inline(__always)
    private mutating func write(_ room: Int, _ fill: (UnsafeMutableRawPointer) -> Int) {
        if storage.count - count < room { grow(room) }
        let start = count
        count += unsafe storage.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return unsafe fill(base + start)
        }
    }

    private mutating func grow(_ room: Int) {
        let wanted = max(storage.count * 2, count + room)
        storage.reserveCapacity(wanted)
        storage.append(contentsOf: repeatElement(0, count: wanted - storage.count))
    }
}
