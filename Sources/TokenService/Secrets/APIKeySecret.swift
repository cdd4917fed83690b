package import InviteStore
package import Platform

/// The text of an API key: a prefix, 37 random Base62 characters (220 bits), six characters of checksum.
///
/// The checksum is the CRC-32 of everything before it, in Base62, big-endian, zero-padded: a key with a typo is
/// refused without a look-up, and a scanner tells real keys from look-alikes offline.
package struct APIKeySecret: Sendable {
    package static let randomCharacters = 37
    package static let checksumCharacters = 6
    /// 1 to 24 characters of prefix.
    package static let prefixCharactersMax = 24
    /// The longest text that can be a key, in bytes.
    package static let bytesMax = prefixCharactersMax + randomCharacters + checksumCharacters

    /// The whole secret.
    ///
    /// Never log it, never store it.
    package let text: String

    /// Makes a new secret.
    package init(prefix: String, random: any RandomSource) {
        var bytes = Array(prefix.utf8) + Base62.random(Self.randomCharacters, from: random)
        bytes += Base62.encode(CRC32.checksum(bytes[...]), digits: Self.checksumCharacters)
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a presented secret; nil where its shape or its checksum says that it can not be a key.
    package init?(presented text: String) { self.init(presented: Array(text.utf8)) }

    /// Reads a presented secret from its bytes.
    package init?(presented bytes: [UInt8]) {
        let tail = Self.randomCharacters + Self.checksumCharacters
        guard bytes.count > tail, bytes.count <= Self.bytesMax else { return nil }
        guard Self.isPrefix(bytes.dropLast(tail)), bytes.suffix(tail).allSatisfy(Base62.contains) else { return nil }
        let sum = CRC32.checksum(bytes.dropLast(Self.checksumCharacters))
        guard Base62.isEncoding(bytes.suffix(Self.checksumCharacters), of: sum) else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// Takes a key of another product, which has no checksum of ours; nil where its shape says that it is none.
    ///
    /// Up to 72 bytes, of which bcrypt reads all, of `A-Z a-z 0-9 _ - .`.
    package init?(imported bytes: [UInt8]) {
        guard bytes.count <= ServiceLimits.presentedKeyCharactersMax,
            bytes.allSatisfy({ Base62.contains($0) || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E })
        else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The readable start, such as `ts_live_`.
    package var prefix: String {
        String(decoding: text.utf8.dropLast(Self.randomCharacters + Self.checksumCharacters), as: UTF8.self)
    }

    /// The key as it may be shown: its prefix and its last four characters.
    package var redacted: String { prefix + "..." + last4 }

    package var last4: String { String(decoding: text.utf8.suffix(4), as: UTF8.self) }

    /// The prefix that a workspace's keys carry where it has not set another.
    package static func defaultPrefix(_ environment: DeploymentEnvironment) -> String {
        switch environment {
        case .live: "ts_live_"
        case .test: "ts_test_"
        }
    }

    /// What webhook secrets begin with: no key does, so that one that is sent by mistake is refused without a look-up.
    package static let webhookPrefix = "whsec_"

    /// True for `a-z 0-9 _`, starting with a letter and ending with `_`, but not for what webhook secrets begin with.
    package static func isPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, bytes.count <= prefixCharactersMax, bytes.last == UInt8(ascii: "_"),
            first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z"), !bytes.elementsEqual(webhookPrefix.utf8)
        else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                return true
            default: return false
            }
        }
    }
}
