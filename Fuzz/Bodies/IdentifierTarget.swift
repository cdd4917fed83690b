import Platform
import TokenService

/// Keys, ids, addresses, scopes and times as clients write them: what is accepted is written back the same.
enum IdentifierTarget {
    static func check(_ bytes: [UInt8]) throws(Finding) {
        if let key = APIKeySecret(presented: bytes) {
            try require(key.text.utf8.elementsEqual(bytes), "another key")
            try require(!key.redacted.contains(key.text.dropFirst(key.prefix.count).dropLast(4)), "a key that is shown")
            var changed = bytes
            changed[changed.count - 1] ^= 1
            try require(APIKeySecret(presented: changed) == nil, "a key with a wrong checksum")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        for kind in [IdentifierKind.workspace, .apiKey, .invite, .session, .participantToken] {
            if let id = TypeID.parse(kind, text) { try require(TypeID.text(kind, id) == text, "another id") }
        }
        if let subject = Pseudonymizer.parse(text) {
            try require(Pseudonymizer.text(subject) == text, "another pseudonym")
        }
        if let time = RFC3339.parse(text), time.milliseconds % 1000 == 0 {
            try require(RFC3339.parse(RFC3339.text(time)) == time, "another time")
        }
        if let email = EmailAddress(text) {
            try require(email.text == text.lowercased(), "another address")
            try require(email.text.utf8.count <= EmailAddress.bytesMax, "a long address")
            try require(email.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "an address with odd bytes")
            try require(email.text.utf8.count { $0 == UInt8(ascii: "@") } == 1, "an address with two ats")
            try require(EmailAddress(email.text) == email, "an address that is not read again")
        }
        if let scope = Scope(parsing: text) { try require(Scope(parsing: scope.text) == scope, "another scope") }
        if let campaign = CampaignID(text) {
            try require(campaign.text == text && text.utf8.count <= CampaignID.charactersMax, "another campaign")
        }
    }
}
