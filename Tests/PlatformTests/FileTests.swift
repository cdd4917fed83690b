import Foundation
import Platform
import Testing

@Suite("Files and networks")
struct FileTests {
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/platform-" + UUID().uuidString
        try PrivateFile.makeDirectory(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test("A private file is made once, of mode 0600, in a directory of mode 0700")
    func privateFile() throws {
        try inDirectory { path in
            let file = path + "/secret"
            #expect(!PrivateFile.exists(file))
            try PrivateFile.create(file, content: [1, 2, 3])
            #expect(PrivateFile.exists(file))
            #expect(throws: SystemError.self) { try PrivateFile.create(file, content: [4]) }
            let descriptor = try FileDescriptor(opening: file, flags: 0)
            #expect(descriptor.permissions.map { $0 & 0o777 } == 0o600)
            #expect(try descriptor.readAll(bytesMax: 3) == [1, 2, 3])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o700)
            try PrivateFile.makeDirectory(path)
        }
    }

    @Test("Replacing a file keeps its mode and leaves no other behind")
    func replacing() throws {
        try inDirectory { path in
            let file = path + "/secret"
            for content in [[UInt8](repeating: 7, count: 100), [8]] {
                try PrivateFile.replace(file, content: content)
                #expect(try FileDescriptor(opening: file, flags: 0).readAll(bytesMax: 1000) == content)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["secret"])
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("A file that is too long is refused, not cut")
    func tooLong() throws {
        try inDirectory { path in
            try PrivateFile.create(path + "/long", content: [UInt8](repeating: 1, count: 101))
            let descriptor = try FileDescriptor(opening: path + "/long", flags: 0)
            #expect(throws: SystemError.self) { try descriptor.readAll(bytesMax: 100) }
        }
    }

    @Test("A missing file says so")
    func missing() throws {
        try inDirectory { path in
            let error = #expect(throws: SystemError.self) {
                _ = try FileDescriptor(opening: path + "/none", flags: 0).rawValue
            }
            #expect(error?.code == 2)
        }
    }

    @Test(
        "A network holds its own addresses alone",
        arguments: [
            ("203.0.113.0/24", "203.0.113.255", true), ("203.0.113.0/24", "203.0.114.0", false),
            ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.8", false),
            ("0.0.0.0/0", "255.1.2.3", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false), ("10.0.0.0/31", "10.0.0.1", true),
            ("10.0.0.0/31", "10.0.0.2", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::1/128", "::1", true),
        ]
    )
    func containment(network: String, address: String, isInside: Bool) throws {
        let network = try #require(IPNetwork(parsing: network))
        #expect(network.contains(try #require(IPAddress(parsing: address))) == isInside)
    }

    @Test(
        "What is no network is refused",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.1/8", "::/129",
            "2001:db8::1/64", "10.0.0/8", "010.0.0.0/8", "10.0.0.0/8/8", "10.0.0.0 /8", "a/8", "10.0.0.0/8 ",
            "0x0a000000/8", "167772160",
        ]
    )
    func refusals(text: String) {
        #expect(IPNetwork(parsing: text) == nil)
    }

    @Test(
        "A network holds another where it holds all of it",
        arguments: [
            ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "10.0.0.0/8", true),
            ("10.0.0.0/8", "11.0.0.0/16", false), ("::/0", "10.0.0.0/8", false), ("0.0.0.0/0", "::/0", false),
        ]
    )
    func networks(outer: String, inner: String, isInside: Bool) throws {
        let outer = try #require(IPNetwork(parsing: outer))
        #expect(outer.contains(try #require(IPNetwork(parsing: inner))) == isInside)
    }
}
