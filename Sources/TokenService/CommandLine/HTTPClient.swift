import OpenSSLKit
import Platform

/// A blocking HTTP/1.1 client for the command line: one request a connection, answers of at most 16 MiB.
///
/// Every read and write waits at most the timeout. Redirects are not followed: the API has none.
struct HTTPClient: Sendable {
    private static let answerBytesMax = 16 << 20
    private static let headBytesMax = 64 * 1024

    let url: ServiceURL
    let timeoutSeconds: Int

    /// Sends one request and reads its answer to the end.
    func send(
        method: String,
        target: String,
        fields: [(String, String)],
        body: [UInt8]
    ) throws -> (status: Int, body: [UInt8]) {
        let socket = try ClientSocket.connect(host: url.host, port: url.port, timeoutSeconds: timeoutSeconds)
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(url.authority)\r\nConnection: close\r\n"
        for (name, value) in fields {
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                throw ClientError("the \(name) field holds a control character")
            }
            head += "\(name): \(value)\r\n"
        }
        head += body.isEmpty && method == "GET" ? "\r\n" : "Content-Length: \(body.count)\r\n\r\n"
        let bytes = Array(head.utf8) + body
        let answer = url.isSecure ? try exchangeSecurely(bytes, socket) : try exchange(bytes, socket)
        return try Self.parse(answer)
    }

    private func exchange(_ request: [UInt8], _ socket: borrowing FileDescriptor) throws -> [UInt8] {
        try socket.writeAll(request)
        return try socket.readAll(bytesMax: Self.answerBytesMax)
    }

    private func exchangeSecurely(_ request: [UInt8], _ socket: consuming FileDescriptor) throws -> [UInt8] {
        let clock = SystemTimeSource()
        let connection = try TLSClientConnection(
            owning: socket,
            context: TLSClientContext(trust: .system),
            host: url.host,
            deadline: clock.monotonicNow().adding(milliseconds: timeoutSeconds * 1000),
            clock: clock
        )
        try connection.write(request)
        var answer: [UInt8] = []
        while try connection.read(into: &answer, bytesMax: 65_536) > 0 {
            guard answer.count <= Self.answerBytesMax else { throw ClientError("the answer is too long") }
        }
        return answer
    }

    // MARK: Reading the answer

    /// Splits head and body; the body ends with the connection, at its length, or with its last chunk.
    static func parse(_ answer: [UInt8]) throws(ClientError) -> (status: Int, body: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        guard let split = answer.prefix(headBytesMax).firstRange(of: end)?.lowerBound else {
            throw ClientError("the service closed the connection without an answer")
        }
        let lines = String(decoding: answer[..<split], as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (200...599).contains(status)
        else { throw ClientError("the answer is not HTTP/1.1") }
        var length: Int?
        var isChunked = false
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].filter { $0 != " " && $0 != "\t" }.lowercased()
            switch line[..<colon].lowercased() {
            case "content-length":
                guard let number = digits(value, radix: 10) else {
                    throw ClientError("the answer's length is malformed")
                }
                length = number
            case "transfer-encoding": isChunked = value == "chunked"
            default: break
            }
        }
        let content = answer[(split + 4)...]
        if isChunked { return (status, try unchunked(content)) }
        guard let length else { return (status, Array(content)) }
        guard length >= 0, content.count >= length else { throw ClientError("the answer was cut off") }
        return (status, Array(content.prefix(length)))
    }

    /// A number of digits alone, without a sign.
    private static func digits(_ text: String, radix: Int) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 15, text.utf8.allSatisfy({ Base62.contains($0) }) else { return nil }
        return Int(text, radix: radix)
    }

    private static func unchunked(_ content: ArraySlice<UInt8>) throws(ClientError) -> [UInt8] {
        var rest = content
        var body: [UInt8] = []
        while let lineEnd = rest.firstRange(of: [13, 10])?.lowerBound {
            let digits = String(decoding: rest[..<lineEnd].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let size = Self.digits(digits, radix: 16), size <= answerBytesMax else {
                throw ClientError("the answer's chunks are malformed")
            }
            rest = rest[(lineEnd + 2)...]
            if size == 0 { return body }
            guard rest.count >= size + 2 else { break }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        throw ClientError("the answer was cut off")
    }
}

/// Why a service could not be talked to; the text is for the terminal.
struct ClientError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
