package import HTTPClient
package import InviteStore

/// What came of one try.
package struct WebhookOutcome: Equatable, Sendable {
    /// The answer's status; nil where none came.
    package var status: Int?
    /// Nil where the endpoint took the event.
    package var failure: WebhookFailure?
    /// How long the endpoint asks to be left alone, in seconds.
    package var retryAfterSeconds: Int64?
    package var durationMilliseconds: Int

    package init(
        status: Int?,
        failure: WebhookFailure?,
        retryAfterSeconds: Int64? = nil,
        durationMilliseconds: Int = 0
    ) {
        self.status = status
        self.failure = failure
        self.retryAfterSeconds = retryAfterSeconds
        self.durationMilliseconds = durationMilliseconds
    }

    /// A try that ended with an answer: 2xx takes the event, anything else, redirects among them, does not.
    package init(_ answer: HTTPAnswer, durationMilliseconds: Int) {
        var seconds: Int64?
        if let text = answer.first("retry-after"), (1...9).contains(text.utf8.count) { seconds = Int64(text) }
        self.init(
            status: answer.status,
            failure: (200..<300).contains(answer.status) ? nil : .status,
            retryAfterSeconds: seconds.flatMap { $0 >= 0 ? $0 : nil },
            durationMilliseconds: durationMilliseconds
        )
    }

    /// A try that ended without one.
    package init(_ error: HTTPClientError, durationMilliseconds: Int) {
        let failure: WebhookFailure =
            switch error {
            case .unknownHost: .unknownHost
            case .addressRefused: .addressRefused
            case .unreachable, .cutOff, .badField: .unreachable
            case .tls, .nobodyTrusted: .tls
            case .timedOut: .timeout
            case .malformed: .malformedAnswer
            }
        self.init(status: nil, failure: failure, durationMilliseconds: durationMilliseconds)
    }
}
