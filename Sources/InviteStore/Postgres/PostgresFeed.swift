#if Postgres
    internal import Platform

    /// How replicas tell each other what changed.
    enum PostgresFeed {
        /// The channel of the connection's schema, as an SQL expression.
        static let channel = "'tokenservice_' || abs(hashtext(current_schema())::bigint)"

        /// An ended session as a change's subject: its id, and when it can be forgotten (8 bytes, big-endian).
        static func subject(of ended: EndedSession) -> [UInt8] {
            let forgetAt = RecordID(high: UInt64(bitPattern: ended.forgetAt.milliseconds), low: 0)
            return ended.session.bytes + forgetAt.bytes.prefix(8)
        }
    }
#endif
