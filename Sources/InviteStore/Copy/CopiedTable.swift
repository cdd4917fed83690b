#if SQLite && Postgres
    /// A value of a table that both data bases have.
    enum CopiedValue: Equatable {
        case null
        case number(Int64)
        case id(RecordID)
        case bytes([UInt8])
        case text(String)

        var asNumber: Int64? { if case .number(let value) = self { value } else { nil } }
        var asID: RecordID? { if case .id(let value) = self { value } else { nil } }
        var asBytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
        var asText: String? { if case .text(let value) = self { value } else { nil } }
    }

    /// A table that is copied row by row, in the order of its key.
    struct CopiedTable: Sendable {
        enum Kind: Sendable {
            case number
            case id
            case bytes
            case text
        }

        let name: String
        let columns: [(name: String, kind: Kind)]
        /// How many of the columns, from the first, are the key.
        let keyColumns: Int

        /// Columns as `name` followed by `:n`, `:i`, `:b` or `:t`, for a number, an id, bytes or a text; those of the key
        /// stand before the bar.
        private init(_ name: String, _ description: String) {
            self.name = name
            let parts = description.split(separator: "|")
            var columns: [(name: String, kind: Kind)] = []
            for part in parts {
                for column in part.split(separator: " ") {
                    let kind: Kind =
                        switch column.last {
                        case "n": .number
                        case "i": .id
                        case "b": .bytes
                        default: .text
                        }
                    columns.append((String(column.dropLast(2)), kind))
                }
            }
            self.columns = columns
            keyColumns = parts.first?.split(separator: " ").count ?? 0
        }

        var key: [(name: String, kind: Kind)] { Array(columns.prefix(keyColumns)) }

        private static let policy =
            "id:i document:b standing:b standing_version:n created_at:n created_by:t"

        /// All that a deployment is, but the row of the deployment itself, which comes last of all.
        static let all: [CopiedTable] = [
            CopiedTable("data_keys", "purpose:t | wrapped:b"),
            CopiedTable(
                "signing_keys",
                "position:n | id:i key_id:t algorithm:t wrapped:b state:t created_at:n state_since:n"
            ),
            CopiedTable("workspaces", "number:n | id:i slug:t name:t plan:t settings:b created_at:n"),
            CopiedTable(
                "api_keys",
                """
                id:i | tenant:n digest:b kind:t name:t prefix:t last4:t scopes:b ip_allowlist:b allowed_origins:b \
                created_at:n created_by:i expires_at:n suspended_at:n revoked_at:n last_used_at:n replaced_by:i
                """
            ),
            CopiedTable("imported_keys", "prefix:t lead:t id:i | key_index:t hash:t"),
            CopiedTable("imported_prefixes", "prefix:t"),
            CopiedTable(
                "invites",
                """
                tenant:n id:i | api_key:i campaign:t participant:i address_index:i sealed:b allowed_origins:b \
                max_uses:n uses:n created_at:n expires_at:n revoked_at:n rev:n last_session:i last_used_at:n
                """
            ),
            CopiedTable("redemptions", "tenant:n invite:i holder:b | session:i at:n"),
            CopiedTable(
                "sessions",
                """
                tenant:n id:i | invite:i api_key:i campaign:t participant:i sealed:b holder:b bound_key:t origin:t \
                allowed_origins:b rev:n created_at:n renew_until:n ended_at:n tokens_until:n
                """
            ),
            CopiedTable("ended_sessions", "forget_at:n session:i"),
            CopiedTable("cut_offs", "number:n | id:i tenant:n kind:n target:b created_at:n forget_at:n"),
            CopiedTable("idempotency", "scope:b | request:b result:b expires_at:n"),
            CopiedTable("policies", "tenant:n kind:n subject:b | version:n " + policy),
            CopiedTable("policy_versions", "tenant:n kind:n subject:b version:n | " + policy),
            CopiedTable(
                "usage",
                """
                tenant:n api_key:i period:n start:n | requests:n client_errors:n server_errors:n mints:n redeems:n
                """
            ),
            CopiedTable("notices", "expires_at:n api_key:i days:n | at:n"),
            CopiedTable(
                "audit_events",
                "chain:n sequence:n | id:i type:t at:n tenant:b actor:t target:t request_id:t detail:b mac:b"
            ),
            CopiedTable(
                "members",
                """
                id:i | address:i sealed_address:b sealed_password:b created_at:n password_changed_at:n disabled_at:n \
                revision:n
                """
            ),
            CopiedTable("memberships", "member:i workspace:i | role:t"),
            CopiedTable("member_sessions", "digest:b | member:i created_at:n last_seen_at:n expires_at:n"),
            CopiedTable(
                "webhooks",
                """
                id:i | tenant:n version:n events:b description:t sealed:b previous_until:n created_at:n disabled_at:n \
                disabling:t failing_since:n
                """
            ),
            CopiedTable("webhook_positions", "webhook:i chain:n | sequence:n"),
            CopiedTable(
                "webhook_deliveries",
                """
                webhook:i event:i | type:t chain:n sequence:n status:n attempts:n last_at:n next_at:n \
                response_status:n failure:t duration:n
                """
            ),
            CopiedTable("audit_checkpoints", "chain:n | sequence:n mac:b at:n seal:b"),
        ]
    }

    extension StoredRow where Self: ~Copyable {
        /// Reads the table's columns.
        mutating func values(_ columns: [(name: String, kind: CopiedTable.Kind)]) -> [CopiedValue] {
            var values: [CopiedValue] = []
            values.reserveCapacity(columns.count)
            for column in columns {
                if skipNull() {
                    values.append(.null)
                    continue
                }
                switch column.kind {
                case .number: values.append(.number(int64()))
                case .id: values.append(.id(id()))
                case .bytes: values.append(.bytes(bytes()))
                case .text: values.append(.text(text()))
                }
            }
            return values
        }
    }
#endif
