/// Takes out of a script what a browser does not need: lines that only comment, indentation, spaces between signs, and
/// semicolons before a closing brace.
///
/// No name is changed and no statement moved. Made for the scripts in `Widget/`, and sure only of what they use: a
/// template literal holds no other one, a regular expression follows a sign, not a word, and no statement is empty.
enum WidgetScript {
    static func compacted(_ source: [UInt8]) -> [UInt8] {
        var compactor = ScriptCompactor(source: source)
        return compactor.run()
    }
}

/// One pass over the bytes of a script.
private struct ScriptCompactor {
    let source: [UInt8]
    private var position = 0
    private var output: [UInt8] = []

    init(source: [UInt8]) { self.source = source }

    private func byte(_ index: Int) -> UInt8? { source.indices.contains(index) ? source[index] : nil }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...0xFF:
            true
        default: false
        }
    }

    /// Signs after which a slash begins a regular expression, and a line end means nothing.
    private static let openers = Array("({[,;=:?!&|<>+-*".utf8)
    private static let silentBefore = Array("({[,;".utf8)
    private static let silentAfter = Array("})].?:".utf8)

    mutating func run() -> [UInt8] {
        output.reserveCapacity(source.count)
        while let next = byte(position) {
            switch next {
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): copyQuoted(until: next)
            case UInt8(ascii: "/") where byte(position + 1) == UInt8(ascii: "*"): copyComment()
            case _ where Self.isSpace(next) || isComment && output.isEmpty: space()
            case UInt8(ascii: "/") where beginsPattern: copyPattern()
            case UInt8(ascii: "}") where output.last == UInt8(ascii: ";"):
                output.removeLast()
                copy()
            default: copy()
            }
        }
        while output.last == 0x0A { output.removeLast() }
        output.append(0x0A)
        return output
    }

    /// Whether a slash here opens a regular expression; otherwise it divides.
    private var beginsPattern: Bool {
        output.last { !Self.isSpace($0) }.map(Self.openers.contains) ?? true
    }

    /// Whether two slashes stand here.
    private var isComment: Bool {
        byte(position) == UInt8(ascii: "/") && byte(position + 1) == UInt8(ascii: "/")
    }

    private mutating func copy() {
        guard let next = byte(position) else { return }
        output.append(next)
        position += 1
    }

    private mutating func copyQuoted(until quote: UInt8) {
        copy()
        while let next = byte(position), next != quote {
            if next == UInt8(ascii: "\\") { copy() }
            copy()
        }
        copy()
    }

    /// A comment in the middle of the text is a notice that has to stay.
    private mutating func copyComment() {
        while let next = byte(position), !(next == UInt8(ascii: "*") && byte(position + 1) == UInt8(ascii: "/")) {
            copy()
        }
        copy()
        copy()
    }

    private mutating func copyPattern() {
        var isInClass = false
        copy()
        while let next = byte(position), next != 0x0A, isInClass || next != UInt8(ascii: "/") {
            if next == UInt8(ascii: "[") { isInClass = true }
            if next == UInt8(ascii: "]") { isInClass = false }
            if next == UInt8(ascii: "\\") { copy() }
            copy()
        }
        copy()
    }

    /// A run of space, with the comment lines in it.
    private mutating func space() {
        // The file begins on a line of its own.
        var hasLineEnd = output.isEmpty
        while let next = byte(position) {
            if Self.isSpace(next) {
                hasLineEnd = hasLineEnd || next == 0x0A
                position += 1
            } else if hasLineEnd, isComment {
                while let other = byte(position), other != 0x0A { position += 1 }
            } else {
                break
            }
        }
        guard let before = output.last, let after = byte(position) else { return }
        if hasLineEnd {
            if !Self.silentBefore.contains(before), !Self.silentAfter.contains(after) { output.append(0x0A) }
        } else if Self.isWord(before) && Self.isWord(after) || Self.isJoined(before, after) {
            output.append(0x20)
        }
    }

    /// Signs that would become another one without the space.
    private static func isJoined(_ before: UInt8, _ after: UInt8) -> Bool {
        switch before {
        case UInt8(ascii: "+"), UInt8(ascii: "-"): before == after
        case UInt8(ascii: "/"): after == UInt8(ascii: "/") || after == UInt8(ascii: "*")
        default: false
        }
    }
}
