/// Every limit of the HTTP layer; the body of a request is limited by ``HTTPResponder/bodyBytesMax(method:path:)``.
///
/// Deadlines are totals on the monotonic clock: bytes that drip in do not extend them. They are met within 40 ms.
package struct HTTPLimits: Sendable {
    // MARK: Head of a request

    /// Bytes of request line and fields together, line ends included (431); browsers send 1–2 kB, with cookies 8 kB.
    ///
    /// At most 65,535, because offsets into a head are 16 bits wide.
    package var headBytesMax = 16_384
    /// Field lines (431); real requests carry 10–30; each costs eight bytes and a comparison per look-up.
    package var fieldsMax = 100
    /// Bytes of the request target (414); RFC 9112 section 3 asks for 8,000 at least.
    package var targetBytesMax = 8192
    /// Bytes of a method name (501); the longest registered one has 17.
    package var methodBytesMax = 24

    // MARK: Chunked bodies

    /// Hexadecimal digits of a chunk size (400): eight hold any body and cannot overflow.
    package var chunkSizeDigitsMax = 8
    /// Bytes of the extensions of one chunk line (400); nobody uses them (RFC 9112 section 7.1.1 asks for a limit).
    package var chunkExtensionBytesMax = 256
    /// Bytes of all chunk extensions of one body (400).
    package var chunkExtensionsTotalBytesMax = 16_384
    /// Bytes of the trailer section (400); it is checked and dropped.
    package var trailerBytesMax = 8192

    // MARK: Connections

    /// Open connections of one server; beyond, the oldest idle one goes, or the new one gets 503.
    package var connectionsMax = 10_000
    /// Open connections from one IPv4 address or one IPv6 /64 network; 0 switches the limit off; beyond: 503.
    ///
    /// Trusted proxies are exempt: they carry everybody.
    package var connectionsPerAddressMax = 1024
    /// Requests of one connection that are answered before the others get their turn; the rest waits, it is not lost.
    package var pipelinedRequestsPerTurnMax = 32
    /// Bytes of answers that may wait for a slow reader before its next request is looked at; a long body does not count, it
    /// is lent.
    package var outputQueueBytesMax = 16_384
    /// Bytes that the kernel keeps of what a reader has not been sent yet (TCP_NOTSENT_LOWAT), beside what is on its way.
    package var unsentBytesMax = 65_536

    // MARK: More than can be done

    /// Requests of one loop that are taken and not answered (503): a burst of 0.3 s of the dearest common work.
    ///
    /// Half as many again where they are of high urgency, here and below.
    package var requestsInHandMax = 2048
    /// Requests of one loop that are taken whatever their answers wait for; above what 256 connections can ask at once.
    package var requestsInHandMin = 256
    /// Where answers wait longer, no more requests are taken than can be answered in this time (503).
    ///
    /// A service that is busy and not overloaded stays below, and a person does not notice it.
    package var queueMilliseconds = 50
    /// Work that is done between two looks at what has come in, while nobody has to be refused.
    ///
    /// Long enough for the store to get together what it commits together; no more, so that how long requests wait is known.
    package var workMilliseconds = 20
    /// The same while some have to be, who are to hear of it soon; more where what came in took more than half as long.
    package var workRefusingMilliseconds = 1

    // MARK: Deadlines

    /// From the first byte of a request to the end of its head (408).
    package var headMilliseconds = 10_000
    /// From the end of the head to the end of the body (408); 1 MiB needs 420 kbit/s.
    package var bodyMilliseconds = 20_000
    /// Between requests, and from the accept to the first byte; then the connection ends without a word.
    package var idleMilliseconds = 15_000
    /// From a request to its answer (503): past it the store is stuck, and clients have mostly given up.
    package var replyMilliseconds = 30_000
    /// From the first answer that the client does not take to the last byte taken; then the connection is cut.
    package var writeMilliseconds = 20_000
    /// From the accept to the end of the TLS handshake; then the connection is cut.
    package var handshakeMilliseconds = 10_000
    /// Reading on after a final answer, so that it is not lost to a reset (RFC 9112 section 9.6).
    package var lingerMilliseconds = 1000
    /// Bytes read and dropped meanwhile.
    package var lingerBytesMax = 262_144
    /// While draining: what an idle connection still gets for a request that is on its way.
    package var drainGraceMilliseconds = 500

    package init() {}
}
