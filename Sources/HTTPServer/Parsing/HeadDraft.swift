/// What is known of a head while its lines come in; offsets count from its first byte.
struct HeadDraft: Sendable {
    /// The transfer coding or length that was declared.
    enum Length: Equatable, Sendable {
        case undeclared
        case declared(Int)
    }

    /// Where the current line begins.
    var lineStart = 0
    var entries: [HTTPRequestFields.Entry] = []

    var method = HTTPMethod.get
    var path = 0..<0
    var query: Range<Int>?
    /// The authority of a target in absolute form.
    var authority: Range<Int>?
    var isOldVersion = false

    var host: Range<Int>?
    var length = Length.undeclared
    var isChunked = false
    var closes = false
    var expectsContinue = false
    var hasOtherExpectation = false
}
