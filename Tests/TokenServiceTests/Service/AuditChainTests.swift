import InviteStore
import OpenSSLKit
import Platform
import TestSupport
import Testing

@testable import TokenService

@Suite("Several audit chains, and their heads")
struct AuditChainTests {
    /// Chains in memory, sealed as a store seals them.
    struct Chains: AuditSource {
        var links: [Int64: [AuditRecord]] = [:]
        let sealer: HMACAuditSealer

        init() throws {
            sealer = HMACAuditSealer(key: try HMACSHA256Key(SecretBytes([UInt8](repeating: 3, count: 32))))
        }

        mutating func append(_ chain: Int64, _ type: String = "a.b", detail: [UInt8] = []) {
            let last = links[chain]?.last
            let sequence = (last?.sequence ?? 0) + 1
            let draft = AuditDraft(
                id: RecordID(high: UInt64(sequence), low: 1),
                type: type,
                at: UnixTime(seconds: sequence),
                tenant: nil,
                actor: "service",
                target: "",
                requestID: "",
                detail: detail
            )
            let canonical = AuditRecord.canonicalBytes(
                previous: last?.mac ?? [UInt8](repeating: 0, count: 32),
                chain: chain,
                sequence: sequence,
                draft: draft
            )
            let mac = sealer.seal(canonical)
            links[chain, default: []].append(AuditRecord(draft: draft, chain: chain, sequence: sequence, mac: mac))
        }

        /// Records the heads of all chains in one of them.
        mutating func record(in chain: Int64) {
            let heads = links.values.compactMap(\.last).map {
                AuditHeadMark(chain: $0.chain, sequence: $0.sequence, mac: $0.mac)
            }
            append(chain, AuditHeadRecorder.eventType, detail: AuditHeadList.json(heads))
        }

        func auditChains() async throws(StoreError) -> [AuditChainState] {
            links.keys.sorted().map { chain in
                let head = links[chain]?.last.map {
                    AuditHead(chain: chain, sequence: $0.sequence, mac: $0.mac, event: $0.draft.id)
                }
                return AuditChainState(chain: chain, head: head)
            }
        }

        func auditChain(_ chain: Int64, after sequence: Int64, limit: Int) async throws(StoreError) -> [AuditRecord] {
            Array((links[chain] ?? []).filter { $0.sequence > sequence }.prefix(limit))
        }

        func damage() async throws -> AuditDamage? {
            do {
                _ = try await AuditVerifier(source: self, sealer: sealer).verify()
                return nil
            } catch let damage as AuditDamage {
                return damage
            }
        }
    }

    private static func three() throws -> Chains {
        var chains = try Chains()
        for chain in Int64(1)...3 {
            for _ in 0..<3 { chains.append(chain) }
        }
        chains.record(in: 1)
        for chain in Int64(1)...3 { chains.append(chain) }
        return chains
    }

    @Test("Each chain is walked, and what one recorded of the others is found there")
    func intact() async throws {
        let chains = try Self.three()
        let verified = try await AuditVerifier(source: chains, sealer: chains.sealer).verify()
        #expect(verified.map(\.head.chain) == [1, 2, 3])
        #expect(verified.map(\.events) == [5, 4, 4])
    }

    @Test("A chain that was cut off before the recorded head shows in the chain that recorded it", arguments: [2, 3])
    func truncated(chain: Int64) async throws {
        var chains = try Self.three()
        chains.links[chain]?.removeLast()
        #expect(try await chains.damage() == nil)
        chains.links[chain]?.removeLast()
        let damage = try #require(try await chains.damage())
        #expect(damage.chain == chain)
        #expect(damage.sequence == 3)
        #expect(damage.what.contains("event 4 of chain 1"))
    }

    @Test("A chain that is gone shows", arguments: [1, 2, 3])
    func gone(chain: Int64) async throws {
        var chains = try Self.three()
        chains.links[chain] = nil
        #expect(try await chains.damage()?.chain == chain)
    }

    @Test("An event does not fit another chain at the same place")
    func otherChain() async throws {
        var chains = try Self.three()
        var moved = try #require(chains.links[3]?[1])
        moved.chain = 2
        chains.links[2]?[1] = moved
        let damage = try #require(try await chains.damage())
        #expect(damage.chain == 2)
        #expect(damage.sequence == 2)
    }

    @Test("Heads are recorded once a minute, where something was added since")
    func minutes() async throws {
        let service = try await ServiceHarness()
        let recorder = AuditHeadRecorder()
        func recorded() async throws -> Int {
            try await service.store.auditChain(1, after: 0, limit: 999).count { $0.draft.type == "audit.heads" }
        }
        let start = service.time.now().seconds / 60 * 60
        func tick(_ second: Int64) async throws -> Int {
            let now = UnixTime(seconds: start + second)
            service.time.setWall(now)
            await recorder.record(service.services, now: now)
            return try await recorded()
        }
        #expect(try await tick(60) == 1)
        _ = await service.mint()
        #expect(try await tick(119) == 1)
        #expect(try await tick(120) == 2)
        #expect(try await tick(180) == 2)
        #expect(try await tick(6_000) == 2)
        _ = await service.mint()
        #expect(try await tick(6_060) == 3)
        let events = try await service.store.auditChain(1, after: 0, limit: 999)
        let heads = events.filter { $0.draft.type == "audit.heads" }
        for event in heads {
            let marks = try #require(AuditHeadList.parse(event.draft.detail))
            let before = events[Int(event.sequence) - 2]
            #expect(marks == [AuditHeadMark(chain: 1, sequence: before.sequence, mac: before.mac)])
            #expect(event.draft.tenant == nil)
        }
        #expect(try await service.events().allSatisfy { $0.type != "audit.heads" })
    }

    @Test(
        "What is no list of heads is not taken for one",
        arguments: [
            "", "{}", "[]", #"{"heads":1}"#, #"{"heads":[1]}"#, #"{"heads":[{"chain":1,"sequence":1,"mac":"AA"}]}"#,
            #"{"heads":[{"chain":"1","sequence":1,"mac":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#,
            #"{"heads":[{"sequence":1,"mac":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#,
        ]
    )
    func malformedHeads(text: String) {
        #expect(AuditHeadList.parse(Array(text.utf8)) == nil)
    }
}
