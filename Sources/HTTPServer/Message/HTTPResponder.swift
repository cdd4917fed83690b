/// The application behind a server.
///
/// Every method is called on a loop thread, so none may block; several loops call at the same time.
package protocol HTTPResponder: Sendable {
    /// The most content bytes that a request may carry; asked once, when its head has been read.
    ///
    /// A longer body is answered 413, before any `100 Continue`.
    func bodyBytesMax(method: HTTPMethod, path: String) -> Int

    /// Answers a whole request.
    func respond(to request: HTTPRequest) -> HTTPReply

    /// How a request fares when more is asked than can be done; asked at such times only.
    func urgency(method: HTTPMethod, path: String) -> HTTPUrgency

    /// The answer to a request that there is no room for, which should be 503 and cost little; the connection lives on.
    func refusal(of request: HTTPRequest) -> HTTPResponse

    /// Renders an error that the HTTP layer found; the connection ends after it.
    ///
    /// The response's status should be `rejection.status`. The request is given where its head was read, without its body.
    func response(to rejection: HTTPRejection, of request: HTTPRequest?) -> HTTPResponse
}
