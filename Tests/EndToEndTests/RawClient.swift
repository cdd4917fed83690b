import Glibc
import Platform
import StrictJSON

/// One HTTP/1.1 request over a socket of its own, byte by byte as written here.
enum RawClient {
    struct Answer {
        let status: Int
        let head: String
        let body: [UInt8]

        subscript(_ name: String) -> String? { (try? JSONDocument(parsing: body))?.root[name]?.string }
    }

    struct Failure: Error {
        let call: String
    }

    /// Sends one request to a port of loopback and reads until the server closes; waits at most 10 s.
    static func send(
        _ port: UInt16,
        _ method: String,
        _ target: String,
        body: String = "",
        authorization: String? = nil
    ) throws -> Answer {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(call: "socket") }
        let owner = FileDescriptor(owning: descriptor)
        defer { withExtendedLifetime(owner) {} }
        var wait = timeval(tv_sec: 10, tv_usec: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(call: "connect") }
        var text = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        if let authorization { text += "Authorization: Bearer \(authorization)\r\n" }
        if !body.isEmpty { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        try write(Array((text + "\r\n" + body).utf8), to: descriptor)
        return try parse(read(descriptor))
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(call: "write") }
            rest = rest.dropFirst(count)
        }
    }

    private static func read(_ descriptor: CInt) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return bytes }
            guard count > 0 else { throw Failure(call: "recv") }
            bytes += buffer.prefix(count)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
        guard let split = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.lowerBound else { throw Failure(call: "parse") }
        let head = String(decoding: bytes[..<split], as: UTF8.self)
        let words = head.split(separator: " ")
        guard words.count > 1, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw Failure(call: "parse") }
        return Answer(status: status, head: head, body: Array(bytes[(split + 4)...]))
    }
}
