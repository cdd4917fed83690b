import Foundation
import OpenSSLKit
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("The master key")
struct MasterKeyTests {
    /// Runs `body` in a directory of its own.
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/master-key-" + UUID().uuidString
        try PrivateFile.makeDirectory(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path + "/master.key")
    }

    @Test("A key comes back from its file and opens what it wrapped")
    func roundTrip() throws {
        let random = SeededRandomSource(seed: 9)
        let key = try MasterKey(random: random)
        try inDirectory { file in
            try PrivateFile.create(file, content: key.fileContent)
            let again = try MasterKey(file: file)
            let secret = SecretBytes(random: 32, from: random)
            let wrapped = key.wrap(secret, purpose: "audit", random: random)
            #expect(again.unwrap(wrapped, purpose: "audit")?.copy == secret.copy)
            #expect(again.matches(check: key.makeCheck(random: random)))
        }
    }

    @Test("A new file is readable by its owner alone, and is never overwritten")
    func creation() throws {
        let key = try MasterKey(random: SeededRandomSource(seed: 9))
        try inDirectory { file in
            try PrivateFile.create(file, content: key.fileContent)
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(throws: SystemError.self) { try PrivateFile.create(file, content: key.fileContent) }
        }
    }

    @Test("A wrapped key opens for its purpose alone, and no flipped byte passes")
    func wrapping() throws {
        let random = SeededRandomSource(seed: 9)
        let key = try MasterKey(random: random)
        let wrapped = key.wrap(SecretBytes(random: 32, from: random), purpose: "audit", random: random)
        #expect(key.unwrap(wrapped, purpose: "cursor") == nil)
        for index in wrapped.indices {
            var bytes = wrapped
            bytes[index] ^= 1
            #expect(key.unwrap(bytes, purpose: "audit") == nil, "byte \(index)")
        }
        for count in 0..<wrapped.count {
            #expect(key.unwrap(Array(wrapped.prefix(count)), purpose: "audit") == nil, "\(count) bytes")
        }
        let other = try MasterKey(random: random)
        #expect(other.unwrap(wrapped, purpose: "audit") == nil)
        #expect(!other.matches(check: key.makeCheck(random: random)))
    }

    @Test("A file that others may read is refused", arguments: [0o640, 0o604, 0o644, 0o620, 0o601, 0o660])
    func mode(mode: Int) throws {
        let key = try MasterKey(random: SeededRandomSource(seed: 9))
        try inDirectory { file in
            try PrivateFile.create(file, content: key.fileContent)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
            #expect(throws: MasterKeyError.tooOpen(file)) { try MasterKey(file: file) }
        }
    }

    @Test("A missing file is told apart from a damaged one")
    func missing() throws {
        try inDirectory { file in
            #expect(throws: MasterKeyError.missing(file)) { try MasterKey(file: file) }
        }
    }

    @Test(
        "A damaged file is refused",
        arguments: [
            "", "\n", "tsmk_", "tsmk_AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "TSMK_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nextra",
            "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA ",
            "tsmk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" + String(repeating: "\n", count: 200),
        ]
    )
    func damaged(content: String) throws {
        try inDirectory { file in
            try PrivateFile.create(file, content: Array(content.utf8))
            #expect(throws: MasterKeyError.self) { try MasterKey(file: file) }
        }
    }

    @Test("A refusal never shows the key")
    func silence() throws {
        let key = try MasterKey(random: SeededRandomSource(seed: 9))
        let text = String(decoding: key.fileContent, as: UTF8.self)
        let shown = String(text.dropFirst(5).prefix(12))
        #expect(!"\(key)".contains(shown))
        #expect(!String(reflecting: key).contains(shown))
    }
}
