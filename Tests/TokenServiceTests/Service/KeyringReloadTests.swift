#if Postgres
    import HTTPServer
    import InviteStore
    import OpenSSLKit
    import Platform
    import StrictJSON
    import Testing
    import TestSupport

    @testable import TokenService

    @Suite("Signing keys that change under replicas")
    struct KeyringReloadTests {
        private static func keyIDs(_ service: ServiceHarness) async -> [String] {
            let answer = await service.send(.get, "/.well-known/jwks.json")
            return answer.json?["keys"]?.elements.compactMap { $0["kid"]?.string } ?? []
        }

        private static func validate(_ service: ServiceHarness, _ token: String) async -> Int {
            await service.send(.get, "/v1/widget/session", token: token).status
        }

        @Test("A rotation at one reaches the other without a restart, and no validation fails on the way")
        func rotates() async throws {
            let (first, second) = try await Replicas.two()
            let old = try await first.openSession()
            let services = first.services
            var keys = try #require(try await first.store.deployment()).signingKeys
            let made = try SigningKeyring.generate(
                .es256,
                wrapping: services.keys.signingKeys,
                id: services.identifiers.next(at: first.time.now()),
                now: first.time.now(),
                random: services.random
            )
            let failures = AsyncFlag()
            let watcher = Task {
                var tokens = [old.participant]
                while !failures.isOver {
                    for service in [first, second] {
                        for token in tokens.suffix(3) where await Self.validate(service, token) != 200 {
                            failures.count()
                        }
                        if let session = try? await service.openSession() { tokens.append(session.participant) }
                    }
                }
            }
            // Published everywhere before it signs.
            keys.append(made)
            keys[1].state = .standby
            try await first.store.replaceSigningKeys(keys, now: first.time.now(), audit: [])
            for service in [first, second] {
                #expect(await Replicas.comes { await Self.keyIDs(service).contains(made.keyID) })
            }
            keys[0].state = .previouslyUsed
            keys[1].state = .inUse
            try await second.store.replaceSigningKeys(keys, now: first.time.now(), audit: [])
            for service in [first, second] {
                #expect(await Replicas.comes { service.services.keyring.issuer.keyID == made.keyID })
            }
            let new = try await second.openSession()
            for service in [first, second] {
                #expect(await Self.validate(service, new.participant) == 200)
                #expect(await Self.validate(service, old.participant) == 200)
            }
            failures.end()
            await watcher.value
            #expect(failures.total == 0)
            // A key that is revoked verifies nothing any more, not even what was validated before.
            keys[0].state = .revoked
            try await first.store.replaceSigningKeys(keys, now: first.time.now(), audit: [])
            for service in [first, second] {
                #expect(await Replicas.comes { await Self.validate(service, old.participant) == 401 })
                #expect(await Self.keyIDs(service) == [made.keyID])
                #expect(await Self.validate(service, new.participant) == 200)
            }
            await Replicas.end((first, second))
        }

        @Test("Of replicas that all give the next key its turn one does, and the trail tells of it once")
        func takesTurns() async throws {
            let services = try await Replicas.make(3)
            let first = services[0]
            let (now, later) = (first.time.now(), first.time.now().adding(seconds: 600))
            let session = try await first.openSession()
            let key = try first.services.makeSigningKey(.es256, now: now)
            _ = try await first.services.changeSigningKeys(by: "operator", now: now) { try $0.adding(key) }
            for service in services {
                #expect(await Replicas.comes { await Self.keyIDs(service).contains(key.keyID) })
            }
            await withTaskGroup { group in
                for service in services { group.addTask { await service.services.rotateSigningKeys(now: later) } }
            }
            for service in services {
                #expect(await Replicas.comes { service.services.keyring.issuer.keyID == key.keyID })
                #expect(await Self.validate(service, session.participant) == 200)
            }
            var trail: [String] = []
            for chain in 1...Int64(services.count) {
                trail += try await first.store.auditChain(chain, after: 0, limit: 100).map(\.draft.type)
            }
            let told = trail.filter { $0.hasPrefix("signing_key.") }.sorted()
            #expect(told == ["signing_key.activated", "signing_key.created", "signing_key.retired"])
            await Replicas.end(services)
        }

        @Test("Keys that can not be read leave the old ones in use for five seconds, and are read when they can be")
        func keepsOld() async throws {
            let (first, second) = try await Replicas.two()
            let session = try await first.openSession()
            var keys = try #require(try await first.store.deployment()).signingKeys
            let whole = keys
            keys[0].wrappedPrivateKey = [1, 2, 3]
            try await first.store.replaceSigningKeys(keys, now: first.time.now(), audit: [])
            #expect(await Replicas.comes { second.services.issuance.keyrings.isStale })
            #expect(await Self.validate(second, session.participant) == 200)
            #expect(await second.mint().status == 201)
            second.time.advance(milliseconds: ServiceLimits.keyringStaleMilliseconds + 1)
            #expect(await Self.validate(second, session.participant) == 503)
            #expect(await second.mint().status == 503)
            try await first.store.replaceSigningKeys(whole, now: first.time.now(), audit: [])
            #expect(await Replicas.comes { !second.services.issuance.keyrings.isStale })
            #expect(await Self.validate(second, session.participant) == 200)
            #expect(await second.mint().status == 201)
            await Replicas.end((first, second))
        }
    }
#endif
