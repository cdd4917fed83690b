import Glibc
package import OpenSSLKit
package import Platform

/// The one secret that is kept outside the store.
///
/// It only wraps the random data keys; it never touches user data.
///
/// The file holds `tsmk_` and 43 characters of base64url (32 bytes), with or without a line end, and is readable by
/// its owner alone (mode 0600 or stricter). All replicas of a deployment have the same one.
package struct MasterKey: Sendable {
    private static let prefix = "tsmk_"
    private static let checkLabel = Array("tokenservice master key check v1".utf8)
    private let key: AEADKey
    private let secret: SecretBytes

    /// A new random master key.
    package init(random: any RandomSource) throws { try self.init(secret: SecretBytes(random: 32, from: random)) }

    private init(secret: SecretBytes) throws {
        self.secret = secret
        key = try AEADKey(secret)
    }

    /// Reads the file; every refusal says what to do about it.
    package init(file: String) throws(MasterKeyError) {
        let text: [UInt8]
        do {
            let descriptor = try FileDescriptor(opening: file, flags: O_RDONLY | O_CLOEXEC)
            guard let mode = descriptor.permissions, mode & 0o077 == 0 else { throw MasterKeyError.tooOpen(file) }
            text = try descriptor.readAll(bytesMax: 128)
        } catch let error as MasterKeyError {
            throw error
        } catch let error as SystemError {
            throw error.code == ENOENT ? MasterKeyError.missing(file) : MasterKeyError.unreadable(file, "\(error)")
        } catch {
            throw MasterKeyError.unreadable(file, "\(error)")
        }
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
        guard line.count == 1, line[0].hasPrefix(Self.prefix),
            let bytes = Base64URLText.decode(String(line[0].dropFirst(Self.prefix.count))), bytes.count == 32,
            let key = try? MasterKey(secret: SecretBytes(bytes))
        else { throw .malformed(file) }
        self = key
    }

    /// The content of the file that ``init(file:)`` reads.
    package var fileContent: [UInt8] {
        Array((Self.prefix + Base64URLText.encode(secret.copy) + "\n").utf8)
    }

    /// Encrypts a data key; `purpose` is authenticated, so that wrapped keys can not change places.
    package func wrap(_ dataKey: SecretBytes, purpose: String, random: any RandomSource) -> [UInt8] {
        key.seal(dataKey.copy, authenticating: Array(purpose.utf8), random: random)
    }

    /// Decrypts a data key; nil with the wrong master key or another purpose.
    package func unwrap(_ wrapped: [UInt8], purpose: String) -> SecretBytes? {
        key.open(wrapped, authenticating: Array(purpose.utf8)).map(SecretBytes.init)
    }

    /// The value that the store keeps to tell this master key from any other.
    package func makeCheck(random: any RandomSource) -> [UInt8] {
        key.seal([], authenticating: Self.checkLabel, random: random)
    }

    /// True where the check value was made with this master key.
    package func matches(check: [UInt8]) -> Bool { key.open(check, authenticating: Self.checkLabel) != nil }
}

/// Why a master key file was refused.
package enum MasterKeyError: Error, Equatable, CustomStringConvertible {
    case missing(String)
    case unreadable(String, String)
    case tooOpen(String)
    case malformed(String)
    case notWritten(String, String)

    package var description: String {
        switch self {
        case .missing(let file):
            "no master key at \(file): name it with --master-key-file, or run `token-service init` first"
        case .unreadable(let file, let reason): "the master key \(file) can not be read: \(reason)"
        case .tooOpen(let file):
            "the master key \(file) is readable by others, and must have mode 0600: run `chmod 600 \(file)`"
        case .notWritten(let file, let reason): "the master key \(file) can not be written: \(reason)"
        case .malformed(let file): "the master key \(file) is damaged: restore it from your backup"
        }
    }
}
