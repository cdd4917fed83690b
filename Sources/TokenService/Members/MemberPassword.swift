import OpenSSLKit
import StrictJSON

/// What a member's password must be: long enough to be worth guessing limits, and not the address.
///
/// No rules of composition and no expiry (NIST SP 800-63B section 5.1.1.2). The bytes are taken as they come.
package enum MemberPassword {
    package static let charactersMin = 12
    package static let bytesMax = 128

    /// The new password in a request's `password`; nil where it is not given.
    static func new(_ body: inout BodyReader, of address: EmailAddress?) throws(Problem) -> SecretBytes? {
        guard let text = try body.string("password", charactersMax: bytesMax) else { return nil }
        guard text.unicodeScalars.count >= charactersMin else {
            throw .invalid("password", "password must have at least \(charactersMin) characters.")
        }
        try refuse(text, asAddress: address)
        return SecretBytes(Array(text.utf8))
    }

    private static func refuse(_ text: String, asAddress address: EmailAddress?) throws(Problem) {
        guard text.lowercased() != address?.text else {
            throw .invalid("password", "password must not be the e-mail address.")
        }
    }
}
