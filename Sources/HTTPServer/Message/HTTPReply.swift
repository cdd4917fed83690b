/// What a responder makes of a request.
package enum HTTPReply: Sendable {
    /// The answer is ready.
    case now(HTTPResponse)

    /// The answer needs waiting for.
    ///
    /// The closure runs as a task on the connection's loop and starts at once, so it must never block. The connection
    /// reads no further request until the answer is there. The task runs to its end even where the client has gone or
    /// the reply deadline has passed; its response is then dropped.
    case later(@Sendable () async -> HTTPResponse)
}
