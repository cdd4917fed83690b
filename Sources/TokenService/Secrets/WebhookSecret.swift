import InviteStore
import OpenSSLKit
package import Platform

/// The secret that deliveries to one endpoint are signed with: `whsec_` and the base64 of 32 random bytes.
///
/// Never a credential: nothing accepts it, and no request carries it.
package struct WebhookSecret: Sendable {
    package static let randomBytes = 32

    private let bytes: SecretBytes

    package init(random: any RandomSource) { bytes = SecretBytes(random: Self.randomBytes, from: random) }

    /// Takes the bytes behind the text; nil for any number but 32.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.randomBytes else { return nil }
        self.bytes = SecretBytes(Array(bytes))
    }

    /// The bytes, for sealing.
    package var copy: [UInt8] { bytes.copy }

    /// The text that the owner gets, once.
    ///
    /// Never log it.
    package var text: String { APIKeySecret.webhookPrefix + Base64Text.encode(bytes.copy) }

    /// The signature of Standard Webhooks: `v1,` and the base64 of HMAC-SHA-256 under the bytes of the secret, over the
    /// delivery's id, its time and its body with dots between.
    package func standardSignature(id: String, seconds: Int64, body: [UInt8]) throws -> String {
        let message = Array("\(id).\(seconds).".utf8) + body
        return "v1," + Base64Text.encode(try HMACSHA256Key(bytes).authenticate(message).bytes)
    }

    /// The plain signature (S67): HMAC-SHA-256 under the text of the secret, over time, dot and body, in hexadecimal.
    package func plainSignature(seconds: Int64, body: [UInt8]) throws -> String {
        let message = Array("\(seconds).".utf8) + body
        let digest = try HMACSHA256Key(SecretBytes(Array(text.utf8))).authenticate(message)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// Base64 with the alphabet and the padding of RFC 4648 section 4.
enum Base64Text {
    static func encode(_ bytes: [UInt8]) -> String {
        let text = Base64URLText.encode(bytes).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
    }
}
