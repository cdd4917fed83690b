#if SQLite
    import InviteStore
    import OpenSSLKit
    import Platform
    import TestSupport
    import Testing

    @testable import TokenService

    @Suite("Verifying the audit trail")
    struct AuditVerifyTests {
        /// A data base with a trail of twelve events and more, closed again.
        struct Written {
            let folder: TemporaryFolder
            let sealer: HMACAuditSealer
            let events: Int

            var file: SQLFile { SQLFile(directory: folder.path) }

            func verify(expecting expected: [AuditHeadMark] = []) async throws -> [VerifiedChain] {
                let archive = try SQLiteAuditArchive(directory: folder.path, time: SystemTimeSource())
                return try await AuditVerifier(source: archive, sealer: sealer).verify(expecting: expected)
            }

            /// The first bad place; nil where all is well.
            func damage(expecting expected: [AuditHeadMark] = []) async throws -> AuditDamage? {
                do {
                    _ = try await verify(expecting: expected)
                    return nil
                } catch let damage as AuditDamage {
                    return damage
                }
            }
        }

        static func write(seed: UInt64 = 1, invites: Int = 6, sweptDays: Int64? = nil) async throws -> Written {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(seed: seed, directory: folder.path)
            for index in 0..<invites {
                if index == invites / 2, sweptDays != nil { service.time.advance(seconds: 2 * 86_400) }
                #expect(await service.mint(email: "p\(index)@b.example").status == 201)
                service.time.advance(seconds: 60)
            }
            _ = try await service.openSession()
            let upkeep = Upkeep(services: service.services, auditDays: sweptDays ?? 400)
            await upkeep.round()
            _ = await service.mint()
            let events = try await service.store.auditChain(1, after: 0, limit: 1_000).count
            await service.store.close()
            return Written(folder: folder, sealer: HMACAuditSealer(key: service.services.keys.audit), events: events)
        }

        @Test("A trail that nobody touched is intact, and its head is the newest event")
        func intact() async throws {
            let written = try await Self.write()
            let chains = try await written.verify()
            #expect(chains.count == 1)
            #expect(chains[0].events == Int64(written.events))
            #expect(chains[0].head.sequence == Int64(written.events))
            #expect(chains[0].removedThrough == 0)
            #expect(written.events > 12)
        }

        private static let edits: [(String, String, Int64)] = [
            ("chain", "UPDATE audit_events SET chain = 2 WHERE sequence = 5", 5),
            ("sequence", "UPDATE audit_events SET sequence = 999 WHERE sequence = 5", 5),
            ("sequence of the first", "UPDATE audit_events SET sequence = 0 WHERE sequence = 1", 1),
            ("id", "UPDATE audit_events SET id = randomblob(16) WHERE sequence = 5", 5),
            ("type", "UPDATE audit_events SET type = 'invite.revoked' WHERE sequence = 5", 5),
            ("at", "UPDATE audit_events SET at = at + 1 WHERE sequence = 5", 5),
            (
                "environment of the tenant",
                "UPDATE audit_events SET tenant = substr(tenant, 1, 16) || x'00' WHERE sequence = 5", 5
            ),
            (
                "workspace of the tenant",
                "UPDATE audit_events SET tenant = randomblob(16) || x'01' WHERE sequence = 5", 5
            ),
            ("no tenant", "UPDATE audit_events SET tenant = NULL WHERE sequence = 5", 5),
            ("actor", "UPDATE audit_events SET actor = 'operator' WHERE sequence = 5", 5),
            ("target", "UPDATE audit_events SET target = '' WHERE sequence = 5", 5),
            ("request id", "UPDATE audit_events SET request_id = request_id || 'x' WHERE sequence = 5", 5),
            ("detail", "UPDATE audit_events SET detail = x'7b7d' WHERE sequence = 5", 5),
            ("mac", "UPDATE audit_events SET mac = zeroblob(32) WHERE sequence = 5", 5),
            ("length of the mac", "UPDATE audit_events SET mac = x'' WHERE sequence = 5", 5),
            ("kind of a value", "UPDATE audit_events SET at = 'now' WHERE sequence = 5", 5),
            ("kind of the id", "UPDATE audit_events SET id = x'00' WHERE sequence = 5", 5),
            ("first deleted", "DELETE FROM audit_events WHERE sequence = 1", 1),
            ("middle deleted", "DELETE FROM audit_events WHERE sequence = 5", 5),
            ("several deleted", "DELETE FROM audit_events WHERE sequence BETWEEN 4 AND 7", 4),
            (
                "deleted and closed up",
                "DELETE FROM audit_events WHERE sequence = 5; "
                    + "UPDATE audit_events SET sequence = sequence - 1 WHERE sequence > 5", 5
            ),
            (
                "swapped",
                "UPDATE audit_events SET sequence = -1 WHERE sequence = 4; "
                    + "UPDATE audit_events SET sequence = 4 WHERE sequence = 5; "
                    + "UPDATE audit_events SET sequence = 5 WHERE sequence = -1", 4
            ),
            (
                "copied in at the end",
                "INSERT INTO audit_events SELECT chain, (SELECT max(sequence) + 1 FROM audit_events), id, type, at, tenant, "
                    + "actor, target, request_id, detail, mac FROM audit_events WHERE sequence = 5", -1
            ),
            (
                "put in at the start",
                "INSERT INTO audit_events SELECT chain, -7, id, type, at, tenant, actor, target, request_id, detail, mac "
                    + "FROM audit_events WHERE sequence = 5", 1
            ),
            ("all deleted", "DELETE FROM audit_events", 0),
            (
                "checkpoint made up",
                "INSERT INTO audit_checkpoints SELECT chain, sequence, mac, at, mac FROM audit_events WHERE sequence = 4; "
                    + "DELETE FROM audit_events WHERE sequence <= 4", 4
            ),
        ]

        @Test("Every edit, deletion, insertion and swap is found, and the first bad place is named")
        func tampering() async throws {
            for (name, sql, place) in Self.edits {
                let written = try await Self.write()
                try written.file.run(sql)
                let damage = try await written.damage()
                let expected: Int64? = place == 0 ? nil : place < 0 ? Int64(written.events) + 1 : place
                #expect(damage != nil, "\(name)")
                #expect(damage?.chain == 1, "\(name): \(String(describing: damage))")
                #expect(damage?.sequence == expected, "\(name): \(String(describing: damage))")
            }
        }

        @Test("An event of another deployment is found, though it is genuine there")
        func foreignEvent() async throws {
            let written = try await Self.write()
            let other = try await Self.write(seed: 7)
            try written.file.run(
                """
                ATTACH '\(other.folder.path)/token-service.sqlite3' AS other;
                DELETE FROM audit_events WHERE sequence = 5;
                INSERT INTO audit_events SELECT * FROM other.audit_events WHERE sequence = 5;
                """
            )
            #expect(try await written.damage()?.sequence == 5)
            #expect(try await other.damage() == nil)
        }

        @Test("What is cut off behind a head that was kept elsewhere is found, and a chain that went on is not")
        func truncation() async throws {
            let written = try await Self.write()
            let heads = try await written.verify().map(\.head)
            #expect(try await written.damage(expecting: heads) == nil)
            let kept = try #require(AuditHeadList.parse(AuditHeadList.json(heads)))
            #expect(kept == heads)
            try written.file.run("DELETE FROM audit_events WHERE sequence = (SELECT max(sequence) FROM audit_events)")
            #expect(try await written.damage() == nil)
            let damage = try #require(try await written.damage(expecting: kept))
            #expect(damage.sequence == heads[0].sequence)
            #expect(damage.sentence.contains("end of the chain is missing"))
            let earlier = try await written.verify().map(\.head)
            #expect(try await written.damage(expecting: earlier) == nil)
            var forged = earlier
            forged[0].mac[0] ^= 1
            #expect(try await written.damage(expecting: forged)?.sequence == earlier[0].sequence)
            var strange = earlier
            strange[0].chain = 9
            #expect(try await written.damage(expecting: strange)?.chain == 9)
        }

        @Test("A trail whose oldest events were removed in time still verifies, and shows what was removed")
        func retention() async throws {
            let written = try await Self.write(sweptDays: 1)
            let chains = try await written.verify()
            #expect(chains[0].removedThrough > 3)
            #expect(chains[0].events == Int64(written.events))
            #expect(chains[0].head.sequence == chains[0].removedThrough + chains[0].events)
            let before = [AuditHeadMark(chain: 1, sequence: 2, mac: [UInt8](repeating: 0, count: 32))]
            #expect(try await written.damage(expecting: before) == nil)
        }

        @Test("A checkpoint that was moved, changed or taken away is found, and so are events put in before it")
        func checkpoints() async throws {
            for (name, sql) in [
                ("taken away", "DELETE FROM audit_checkpoints"),
                ("sequence", "UPDATE audit_checkpoints SET sequence = sequence + 1"),
                ("mac", "UPDATE audit_checkpoints SET mac = zeroblob(32)"),
                ("time", "UPDATE audit_checkpoints SET at = at + 1"),
                ("seal", "UPDATE audit_checkpoints SET seal = zeroblob(32)"),
                (
                    "moved on",
                    "DELETE FROM audit_events WHERE sequence <= (SELECT sequence + 2 FROM audit_checkpoints); "
                        + "UPDATE audit_checkpoints SET sequence = sequence + 2"
                ),
                (
                    "put in before",
                    "INSERT INTO audit_events SELECT chain, 1, id, type, at, tenant, actor, target, request_id, detail, "
                        + "mac FROM audit_events ORDER BY sequence LIMIT 1"
                ),
            ] {
                let written = try await Self.write(sweptDays: 1)
                try written.file.run(sql)
                #expect(try await written.damage() != nil, "\(name)")
            }
        }

        @Test("It reads beside a running service, which goes on minting")
        func besideService() async throws {
            let folder = TemporaryFolder()
            let service = try await ServiceHarness(directory: folder.path)
            let sealer = HMACAuditSealer(key: service.services.keys.audit)
            for _ in 0..<3 {
                #expect(await service.mint().status == 201)
                let archive = try SQLiteAuditArchive(directory: folder.path, time: SystemTimeSource())
                let chains = try await AuditVerifier(source: archive, sealer: sealer).verify()
                #expect(await service.mint().status == 201)
                #expect(chains[0].head.sequence > 2)
            }
            await service.store.close()
        }

        @Test("A directory without a data base, and one that nothing was set up in, are told apart from damage")
        func nothingThere() async throws {
            let folder = TemporaryFolder()
            #expect(throws: StoreError.self) {
                _ = try SQLiteAuditArchive(directory: folder.path, time: SystemTimeSource())
            }
            let written = try await Self.write()
            try written.file.run("PRAGMA user_version = 0")
            #expect(throws: StoreError.notInitialised) {
                _ = try SQLiteAuditArchive(directory: written.folder.path, time: SystemTimeSource())
            }
        }
    }
#endif
