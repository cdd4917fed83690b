#if SQLite
    /// What a look-up finds records by.
    enum LookupKind: UInt64 {
        case address = 0
        case campaign = 1
        case audit = 2

        /// Kinds that live and die together are kept in the same runs.
        var family: LookupFamily {
            switch self {
            case .address, .campaign: .invites
            case .audit: .audit
            }
        }
    }

    enum LookupFamily: Int64, CaseIterable {
        case invites = 0
        case audit = 1
    }

    /// One entry of the look-up: four words that sort as they are searched.
    ///
    /// An invite: tenant and kind, 64 bits of what it is found by, its id. An audit event: tenant and kind, its id, its
    /// position in the chain. Whoever reads an entry reads the record too and checks it, so a clash of 64 bits costs
    /// time and nothing else.
    struct LookupEntry: Hashable, Comparable, Sendable {
        var space: UInt64
        var first: UInt64
        var second: UInt64
        var third: UInt64

        static let byteCount = 32

        init(space: UInt64, first: UInt64, second: UInt64, third: UInt64) {
            self.space = space
            self.first = first
            self.second = second
            self.third = third
        }

        init(tenant: Int64, kind: LookupKind, digest: UInt64, invite: RecordID) {
            self.init(space: Self.space(tenant, kind), first: digest, second: invite.high, third: invite.low)
        }

        init(tenant: Int64, event: RecordID, sequence: Int64) {
            self.init(
                space: Self.space(tenant, .audit),
                first: event.high,
                second: event.low,
                third: UInt64(bitPattern: sequence)
            )
        }

        static func space(_ tenant: Int64, _ kind: LookupKind) -> UInt64 {
            UInt64(bitPattern: tenant) << 2 | kind.rawValue
        }

        var family: LookupFamily { space & 3 == LookupKind.audit.rawValue ? .audit : .invites }

        var invite: RecordID { RecordID(high: second, low: third) }
        var event: RecordID { RecordID(high: first, low: second) }
        var sequence: Int64 { Int64(bitPattern: third) }

        /// Milliseconds since 1970 in the record's id.
        var milliseconds: UInt64 { (family == .audit ? first : second) >> 16 }

        static func < (left: LookupEntry, right: LookupEntry) -> Bool {
            if left.space != right.space { return left.space < right.space }
            if left.first != right.first { return left.first < right.first }
            if left.second != right.second { return left.second < right.second }
            return left.third < right.third
        }

        /// 64 bits of a campaign's name (FNV-1a with a final mix): spreads, promises no more.
        static func digest(campaign: String) -> UInt64 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for byte in campaign.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
            hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
            return hash ^ (hash >> 32)
        }
    }

    /// Entries as bytes: four little-endian words each.
    enum LookupCodec {
        /// As many as fill one page of the data base (4,096 bytes) together with its row.
        static let entriesPerPage = 126

        static func encode(_ entries: some Collection<LookupEntry>) -> [UInt8] {
            unsafe [UInt8](unsafeUninitializedCapacity: entries.count * LookupEntry.byteCount) { buffer, count in
                let bytes = UnsafeMutableRawBufferPointer(buffer)
                for entry in entries {
                    unsafe bytes.storeBytes(of: entry.space.littleEndian, toByteOffset: count, as: UInt64.self)
                    unsafe bytes.storeBytes(of: entry.first.littleEndian, toByteOffset: count + 8, as: UInt64.self)
                    unsafe bytes.storeBytes(of: entry.second.littleEndian, toByteOffset: count + 16, as: UInt64.self)
                    unsafe bytes.storeBytes(of: entry.third.littleEndian, toByteOffset: count + 24, as: UInt64.self)
                    count += LookupEntry.byteCount
                }
            }
        }

        /// Whole entries; bytes behind the last whole one are passed over.
        static func decode(_ bytes: UnsafeRawBufferPointer) -> [LookupEntry] {
            let count = bytes.count / LookupEntry.byteCount
            var entries: [LookupEntry] = []
            entries.reserveCapacity(count)
            for index in 0..<count {
                let start = index * LookupEntry.byteCount
                func word(_ offset: Int) -> UInt64 {
                    unsafe UInt64(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self)
                    )
                }
                entries.append(LookupEntry(space: word(0), first: word(8), second: word(16), third: word(24)))
            }
            return entries
        }
    }
#endif
