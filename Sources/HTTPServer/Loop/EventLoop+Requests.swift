import Platform

/// From bytes to answers.
extension EventLoop {
    /// Bytes of a body that are copied to stand beside the head, so that both go out in one packet; a longer one is lent.
    private static let copiedBodyBytesMax = 8192

    /// Parses requests and has them answered; returns the number of bytes consumed.
    ///
    /// Stops early where a task must be waited for, the connection ends, or others should have their turn; whether
    /// `input` may then hold another request is left in `hasRequestWaiting`.
    func serveRequests(
        _ connection: inout Connection,
        _ input: borrowing Span<UInt8>
    ) -> Int {
        var position = 0
        var served = 0
        var request = connection.partial
        if request != nil { connection.partial = nil }
        while true {
            switch connection.parser.next(input, from: &position) {
            case .head(let head):
                connection.answersHead = head.method == .head
                connection.keepsAlive = head.keepsAlive
                if head.framing != .none {
                    connection.parser.bodyBytesMax = shared.responder.bodyBytesMax(method: head.method, path: head.path)
                    connection.owesContinue = head.expectsContinue
                }
                request = self.request(connection, head)
            case .body(let range):
                connection.owesContinue = false
                request?.body.append(copying: input, range)
            case .end:
                guard let complete = request.take() else { return position }
                served += 1
                guard respond(&connection, complete) else {
                    connection.hasRequestWaiting = position < input.count
                    return position
                }
                if served >= limits.pipelinedRequestsPerTurnMax || out.count >= limits.outputQueueBytesMax
                    || !lentBody.isEmpty
                {
                    if position < input.count {
                        connection.hasRequestWaiting = true
                        list(&connection)
                    }
                    return position
                }
            case .needMore:
                waitForMore(&connection, connection.parser.place)
                connection.partial = request
                return position
            case .rejected(let rejection):
                connection.partial = request
                reject(&connection, rejection)
                return position
            }
        }
    }

    /// All there is has been parsed, and the client is due.
    private func waitForMore(_ connection: inout Connection, _ place: ConnectionState.InputPlace) {
        connection.state.inputExhausted(place, now: now)
        if connection.owesContinue, place == .insideBody {
            connection.owesContinue = false
            out.append(contentsOf: ResponseEncoder.interim)
        }
    }

    /// The request of a head, without its body.
    private func request(_ connection: borrowing Connection, _ head: HTTPRequestHead) -> HTTPRequest {
        HTTPRequest(
            method: head.method,
            path: head.path,
            query: head.query,
            fields: head.fields,
            body: [],
            clientAddress: connection.isTrustedProxy
                ? ClientAddress.of(head.fields, peer: connection.peer, trusting: shared.configuration.trustedProxies)
                : connection.peer,
            isFromTrustedProxy: connection.isTrustedProxy,
            isSecure: connection.isSecure,
            receivedAt: now
        )
    }

    /// Hands a request to the responder; false where no other may follow now.
    private func respond(_ connection: inout Connection, _ request: consuming HTTPRequest) -> Bool {
        connection.state.requestCompleted(keepsAlive: connection.keepsAlive, now: now)
        connection.askedAt = now
        switch decide(on: request) {
        case .perform:
            guard let response = perform(&connection, request) else { return false }
            return deliver(&connection, response)
        case .wait:
            deferred.append(request, of: connection.token)
            return false
        case .refuse(let urgency):
            return deliver(&connection, refusal(of: request, urgency))
        }
    }

    /// Has a request answered; nil where its task will bring the answer.
    private func perform(_ connection: inout Connection, _ request: consuming HTTPRequest) -> HTTPResponse? {
        switch shared.responder.respond(to: request) {
        case .now(let response): response
        case .later(let work): start(&connection, work)
        }
    }

    /// Has a request answered that waited in line.
    func performDeferred(_ connection: inout Connection, _ request: consuming HTTPRequest) {
        guard let response = perform(&connection, request) else { return }
        admission.answered(afterNanoseconds: now.nanoseconds(since: connection.askedAt))
        finish(&connection, response)
    }

    /// Starts a task for an answer; returns the answer where it came at once.
    private func start(
        _ connection: inout Connection,
        _ work: @escaping @Sendable () async -> HTTPResponse
    ) -> HTTPResponse? {
        let token = connection.token
        let executor = executor
        tasksUnderWay += 1
        startingToken = token
        Task.immediate(executorPreference: executor) {
            let response = await work()
            executor.finish(token, response)
        }
        startingToken = nil
        return earlyReply.take()
    }

    /// A task has its answer.
    func finish(_ token: UInt64, _ response: HTTPResponse) {
        tasksUnderWay -= 1
        if token == startingToken {
            earlyReply = response
            return
        }
        guard let slot = connections[token] else { return }
        admission.answered(afterNanoseconds: now.nanoseconds(since: slot.connection.askedAt))
        finish(&slot.connection, response)
    }

    private func finish(_ connection: inout Connection, _ response: HTTPResponse) {
        _ = deliver(&connection, response)
        offerOutput(&connection)
        turn(&connection)
    }

    /// Puts an answer behind what this turn sends; false where no other request may follow now.
    private func deliver(_ connection: inout Connection, _ response: HTTPResponse) -> Bool {
        switch connection.state.replied(closes: response.closesConnection, now: now) {
        case .send(let closing):
            append(&connection, response, closing: closing)
            return !closing
        case .drop:
            return false
        }
    }

    /// Answers for the HTTP layer itself, and ends the connection.
    func reject(_ connection: inout Connection, _ rejection: HTTPRejection) {
        let request = connection.partial
        connection.partial = nil
        connection.unread = []
        connection.owesContinue = false
        guard case .send(let closing) = connection.state.rejected() else { return }
        shared.metrics.rejected(rejection.reason)
        append(&connection, shared.responder.response(to: rejection, of: request), closing: closing)
    }

    func append(_ connection: inout Connection, _ response: HTTPResponse, closing: Bool) {
        let wall = wallNow ?? shared.time.now()
        wallNow = wall
        lentBody = encoder.append(
            response,
            closing: closing,
            isToHead: connection.answersHead,
            now: wall,
            lendingAbove: Self.copiedBodyBytesMax,
            to: &out
        )
        tally.countResponse(response.status)
    }
}

extension HTTPRequestParser {
    /// Where the bytes consumed so far end.
    fileprivate var place: ConnectionState.InputPlace {
        isInsideBody ? .insideBody : isInsideRequest ? .insideHead : .betweenRequests
    }
}
