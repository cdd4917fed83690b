package import Platform

/// Writes responses as bytes (RFC 9112 section 4), with the fields that only the server may set.
package struct ResponseEncoder {
    static let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    private static let lengthName = Array("Content-Length: ".utf8)
    private static let closeLine = Array("Connection: close\r\n".utf8)
    private static let lineEnd = Array("\r\n".utf8)

    /// Status lines by status minus 200, made once.
    private let statusLines: [[UInt8]]
    private var dateLine: [UInt8] = []
    private var dateSecond = Int64.min

    package init() {
        statusLines = (200...599).map { Array("HTTP/1.1 \($0) \(Self.phrase($0))\r\n".utf8) }
    }

    /// Appends one response to `output`.
    ///
    /// - Parameter isToHead: the answer to HEAD has the length of the content, but not the content (RFC 9110 section
    ///   9.3.2).
    /// - Parameter lendingAbove: a body of more bytes is not appended.
    /// - Returns: the body, where it was not appended and must follow; else nothing.
    @discardableResult
    package mutating func append(
        _ response: borrowing HTTPResponse,
        closing: Bool,
        isToHead: Bool,
        now: UnixTime,
        lendingAbove: Int = .max,
        to output: inout [UInt8]
    ) -> [UInt8] {
        let status = (200...599).contains(response.status) ? response.status : 500
        updateDate(now)
        output.append(contentsOf: statusLines[status - 200])
        output.append(contentsOf: dateLine)
        output.append(contentsOf: response.lines)
        if closing { output.append(contentsOf: Self.closeLine) }
        // 204 and 304 have no content, and 204 must not declare a length (RFC 9110 section 8.6).
        let hasContent = status != 204 && status != 304
        if hasContent {
            output.append(contentsOf: Self.lengthName)
            Self.appendDecimal(UInt64(clamping: response.body.count), to: &output)
            output.append(contentsOf: Self.lineEnd)
        }
        output.append(contentsOf: Self.lineEnd)
        guard hasContent, !isToHead else { return [] }
        if response.body.count > lendingAbove { return response.body }
        output.append(contentsOf: response.body)
        return []
    }

    static func appendDecimal(_ number: UInt64, to output: inout [UInt8]) {
        // The digits come lowest first.
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number
            var first = 20
            repeat {
                first -= 1
                unsafe digits[first] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            unsafe output.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
        }
    }

    /// `Date: Sat, 21 Nov 2026 09:30:00 GMT` (RFC 9110 section 5.6.7), made once a second.
    private mutating func updateDate(_ now: UnixTime) {
        guard now.seconds != dateSecond else { return }
        dateSecond = now.seconds
        let parts = now.components
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(weekdays[parts.weekday]), \(two(parts.day)) \(months[parts.month - 1]) \(parts.year)"
        dateLine = Array("Date: \(day) \(two(parts.hour)):\(two(parts.minute)):\(two(parts.second)) GMT\r\n".utf8)
    }

    /// The reason phrase, which clients ignore (RFC 9112 section 4); empty where there is no registered one.
    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
