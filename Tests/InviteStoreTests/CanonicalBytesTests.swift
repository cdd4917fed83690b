import InviteStore
import Platform
import Testing

@Suite("The bytes that audit MACs are computed over")
struct CanonicalBytesTests {
    private let tenant = Tenant(
        workspace: RecordID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
        environment: .test
    )

    private func draft(_ type: String, actor: String, tenant: Tenant?) -> AuditDraft {
        AuditDraft(
            id: RecordID(high: 0x1111_1111_1111_1111, low: 0x2222_2222_2222_2222),
            type: type,
            at: UnixTime(milliseconds: 0x33),
            tenant: tenant,
            actor: actor,
            target: "t",
            requestID: "",
            detail: [0xFF]
        )
    }

    @Test("They stand in the documented order, each text behind its length")
    func layout() {
        let bytes = AuditRecord.canonicalBytes(
            previous: Array(repeating: 0xAA, count: 32),
            chain: 1,
            sequence: 0x0203,
            draft: draft("a.b", actor: "me", tenant: tenant)
        )
        let head = Array(repeating: 0xAA, count: 32) + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 2, 3] as [UInt8]
        let identity = Array(repeating: 0x11, count: 8) + Array(repeating: 0x22, count: 8) as [UInt8]
        let time: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x33]
        let type = [0, 0, 0, 3] + Array("a.b".utf8)
        let scope = [0, 0, 0, 20] + (1...16).map { UInt8($0) } + Array("test".utf8)
        let rest = [0, 0, 0, 2] + Array("me".utf8) + [0, 0, 0, 1] + Array("t".utf8) + [0, 0, 0, 0, 0, 0, 0, 1, 0xFF]
        #expect(bytes == head + identity + time + type + scope + rest)
    }

    @Test("Moving a letter from one text to the next changes them")
    func separates() {
        func bytes(_ type: String, _ actor: String) -> [UInt8] {
            AuditRecord.canonicalBytes(
                previous: [],
                chain: 1,
                sequence: 1,
                draft: draft(type, actor: actor, tenant: nil)
            )
        }
        #expect(bytes("ab", "c") != bytes("a", "bc"))
    }
}
