#if Postgres
    internal import Platform

    extension PostgresWriter {
        /// A statement of the first round trip, and what takes its rows into the batch.
        struct Reading {
            let statement: PostgresStatement
            let take: (PostgresResult) throws(PostgresFailure) -> Void
        }

        /// The statements that read what commands want to know; rows are locked in one order, whatever the commands'.
        func reading(_ needs: PostgresNeeds) -> [Reading] {
            var readings: [Reading] = []
            if !needs.claims.isEmpty { readings.append(reading(claims: Array(needs.claims))) }
            if !needs.keys.isEmpty { readings.append(reading(keys: Array(needs.keys))) }
            let tenants = Dictionary(needs.tenants.compactMap { tenant in known(tenant).map { ($0, tenant) } }) { $1 }
            let invites = places(needs.invites)
            if !invites.isEmpty { readings.append(reading(invites: invites, tenants)) }
            let holders = needs.holders.compactMap { place in
                known(place.tenant).map {
                    PlacedHolder(invite: PlacedID(tenant: $0, id: place.invite), holder: place.holder)
                }
            }
            if !holders.isEmpty { readings.append(reading(holders: holders)) }
            let sessions = places(needs.sessions)
            let lock = "ORDER BY s.tenant, s.id FOR UPDATE OF s"
            if !sessions.isEmpty { readings.append(reading(sessions: sessions, tenants, lock: lock)) }
            return readings
        }

        private func places(_ ids: [(tenant: Tenant, id: RecordID)]) -> [PlacedID] {
            Set(ids.compactMap { place in known(place.tenant).map { PlacedID(tenant: $0, id: place.id) } }).sorted()
        }

        private func reading(claims: [[UInt8]]) -> Reading {
            Reading(
                statement: PostgresStatement(
                    "SELECT scope, request, result, expires_at FROM idempotency WHERE scope = ANY($1)"
                ) {
                    $0.add(each: claims)
                }
            ) { result throws(PostgresFailure) in
                let found = try result.all {
                    ($0.bytes(), StoredClaim(request: $0.bytes(), result: $0.bytes(), expiresAt: $0.time()))
                }
                for (scope, claim) in found { self.batch.claims[scope] = claim }
            }
        }

        private func reading(keys: [RecordID]) -> Reading {
            Reading(
                statement: PostgresStatement(
                    """
                    SELECT id, (revoked_at IS NULL AND suspended_at IS NULL)::int::bigint, expires_at
                    FROM api_keys WHERE id = ANY($1)
                    """
                ) {
                    $0.add(each: keys)
                }
            ) { result throws(PostgresFailure) in
                let found = try result.all {
                    ($0.id(), APIKeyState(isOn: $0.int64() == 1, expiresAt: $0.optionalTime()))
                }
                for (id, state) in found { self.batch.keys[id] = state }
            }
        }

        private func reading(invites: [PlacedID], _ tenants: [Int64: Tenant]) -> Reading {
            Reading(
                statement: PostgresStatement(
                    """
                    SELECT i.tenant, \(Self.columns(InviteRow.columns, of: "i"))
                    FROM unnest($1, $2) AS k (tenant, id) JOIN invites AS i ON i.tenant = k.tenant AND i.id = k.id
                    ORDER BY i.tenant, i.id FOR UPDATE OF i
                    """
                ) {
                    $0.add(each: invites, \.tenant)
                    $0.add(each: invites, \.id)
                }
            ) { result throws(PostgresFailure) in
                let found = try result.all { row in
                    let number = row.int64()
                    return (number, row.storedInvite(tenants[number] ?? .deployment(.live)))
                }
                for (number, stored) in found {
                    self.batch.invites[PlacedID(tenant: number, id: stored.record.id)] = stored
                }
            }
        }

        private func reading(holders: [PlacedHolder]) -> Reading {
            Reading(
                statement: PostgresStatement(
                    """
                    SELECT r.tenant, r.invite, r.holder, r.session, r.at
                    FROM unnest($1, $2, $3) AS k (tenant, invite, holder) JOIN redemptions AS r
                    ON r.tenant = k.tenant AND r.invite = k.invite AND r.holder = k.holder
                    """
                ) {
                    $0.add(each: holders, \.invite.tenant)
                    $0.add(each: holders, \.invite.id)
                    $0.add(each: holders, \.holder)
                }
            ) { result throws(PostgresFailure) in
                let found = try result.all {
                    (
                        PlacedHolder(invite: PlacedID(tenant: $0.int64(), id: $0.id()), holder: $0.bytes()),
                        (session: $0.id(), at: $0.time())
                    )
                }
                for (holder, redemption) in found { self.batch.redemptions[holder] = redemption }
            }
        }

        private func reading(sessions: [PlacedID], _ tenants: [Int64: Tenant], lock: String) -> Reading {
            Reading(
                statement: PostgresStatement(
                    """
                    SELECT s.tenant, \(Self.columns(SessionRow.columns, of: "s"))
                    FROM unnest($1, $2) AS k (tenant, id) JOIN sessions AS s ON s.tenant = k.tenant AND s.id = k.id
                    \(lock)
                    """
                ) {
                    $0.add(each: sessions, \.tenant)
                    $0.add(each: sessions, \.id)
                }
            ) { result throws(PostgresFailure) in
                let found = try result.all { row in
                    let number = row.int64()
                    return (number, row.session(tenants[number] ?? .deployment(.live)))
                }
                for (number, session) in found {
                    self.batch.sessions[PlacedID(tenant: number, id: session.id)] = session
                }
            }
        }

        /// Reads the sessions that holders opened before, where there are any: the one case with a second round trip.
        func readEarlierSessions(_ needs: PostgresNeeds) throws(PostgresFailure) {
            var wanted: Set<PlacedID> = []
            for holder in needs.holders {
                guard let number = known(holder.tenant) else { continue }
                let place = PlacedID(tenant: number, id: holder.invite)
                guard let stored = batch.invites[place],
                    let earlier = earlierUse(of: stored, at: place, by: holder.holder)
                else { continue }
                wanted.insert(PlacedID(tenant: number, id: earlier.session))
            }
            guard !wanted.isEmpty else { return }
            let tenants = Dictionary(needs.tenants.compactMap { tenant in known(tenant).map { ($0, tenant) } }) { $1 }
            let reading = reading(sessions: wanted.sorted(), tenants, lock: "")
            if let result = try connection.run([reading.statement]).first { try reading.take(result) }
        }

        /// Which session a holder opened with the invite, and when; nil where there is none.
        ///
        /// An invite for one use remembers its session itself, whoever opened it; only invites for several have a row
        /// for each holder.
        func earlierUse(
            of stored: StoredInvite,
            at place: PlacedID,
            by holder: [UInt8]
        ) -> (session: RecordID, at: UnixTime)? {
            guard stored.record.uses > 0 else { return nil }
            guard stored.record.maxUses > 1 else { return (stored.lastSession, stored.lastUsedAt) }
            return batch.redemptions[PlacedHolder(invite: place, holder: holder)]
        }

        /// A list of columns with their table's name before each.
        static func columns(_ columns: String, of table: String) -> String {
            columns.split(separator: ",").map { "\(table).\($0.drop { $0 == " " })" }.joined(separator: ", ")
        }
    }
#endif
