/// Why the HTTP layer refuses a request without asking the application.
package struct HTTPRejection: Error, Hashable, Sendable {
    package let reason: HTTPRejectionReason

    package init(_ reason: HTTPRejectionReason) { self.reason = reason }

    /// The status to answer with.
    package var status: Int { reason.status }

    /// A plain sentence for the client; holds nothing that the client sent.
    package var sentence: String { reason.sentence }
}

/// The kinds of rejection; the raw value is a stable word for logs and metrics.
package enum HTTPRejectionReason: String, CaseIterable, Hashable, Sendable {
    // 400: the request line (RFC 9112 section 3).
    case malformedRequestLine = "malformed_request_line"
    case malformedTarget = "malformed_target"
    case malformedVersion = "malformed_version"
    // 400: lines and fields (sections 2.2 and 5).
    case bareLineFeed = "bare_line_feed"
    case bareCarriageReturn = "bare_carriage_return"
    case foldedLine = "folded_line"
    case malformedFieldName = "malformed_field_name"
    case malformedFieldValue = "malformed_field_value"
    // 400: Host (section 3.2).
    case missingHost = "missing_host"
    case repeatedHost = "repeated_host"
    case malformedHost = "malformed_host"
    case hostMismatch = "host_mismatch"
    // 400: message framing (sections 6 and 7).
    case malformedContentLength = "malformed_content_length"
    case repeatedContentLength = "repeated_content_length"
    case lengthWithTransferEncoding = "length_with_transfer_encoding"
    case unsupportedTransferEncoding = "unsupported_transfer_encoding"
    case repeatedTransferEncoding = "repeated_transfer_encoding"
    case transferEncodingInOldVersion = "transfer_encoding_in_old_version"
    case malformedChunk = "malformed_chunk"
    case chunkExtensionsTooLong = "chunk_extensions_too_long"
    case trailersTooLong = "trailers_too_long"
    // The rest.
    case headTimeout = "head_timeout"
    case bodyTimeout = "body_timeout"
    case bodyTooLong = "body_too_long"
    case targetTooLong = "target_too_long"
    case unmetExpectation = "unmet_expectation"
    case headTooLong = "head_too_long"
    case tooManyFields = "too_many_fields"
    case unsupportedMethod = "unsupported_method"
    case overloaded = "overloaded"
    case replyTimeout = "reply_timeout"
    case unsupportedVersion = "unsupported_version"

    /// The status to answer with.
    package var status: Int {
        switch self {
        case .headTimeout, .bodyTimeout: 408
        case .bodyTooLong: 413
        case .targetTooLong: 414
        case .unmetExpectation: 417
        case .headTooLong, .tooManyFields: 431
        case .unsupportedMethod: 501
        case .overloaded, .replyTimeout: 503
        case .unsupportedVersion: 505
        default: 400
        }
    }

    /// A plain sentence for the client.
    package var sentence: String {
        switch self {
        case .malformedRequestLine: "The request line is not `method target HTTP/1.1`."
        case .malformedTarget: "The request target holds a byte or a form that is not allowed."
        case .malformedVersion: "The request line does not end in an HTTP version."
        case .bareLineFeed: "A line ends in LF without CR."
        case .bareCarriageReturn: "A CR stands without LF."
        case .foldedLine: "A field line begins with white space."
        case .malformedFieldName: "A field name is empty or holds a byte that is not allowed."
        case .malformedFieldValue: "A field value holds a control byte."
        case .missingHost: "The Host field is missing."
        case .repeatedHost: "The Host field occurs more than once."
        case .malformedHost: "The Host field is not a host with an optional port."
        case .hostMismatch: "The request target names another host than the Host field."
        case .malformedContentLength: "Content-Length is not a plain decimal number."
        case .repeatedContentLength: "Content-Length occurs more than once."
        case .lengthWithTransferEncoding: "Content-Length and Transfer-Encoding exclude each other."
        case .unsupportedTransferEncoding: "The only Transfer-Encoding understood is `chunked`."
        case .repeatedTransferEncoding: "Transfer-Encoding occurs more than once."
        case .transferEncodingInOldVersion: "Transfer-Encoding needs HTTP/1.1."
        case .malformedChunk: "The chunked body is malformed."
        case .chunkExtensionsTooLong: "The chunk extensions are too long."
        case .trailersTooLong: "The trailer fields are too long."
        case .headTimeout: "The head of the request did not arrive in time."
        case .bodyTimeout: "The body of the request did not arrive in time."
        case .bodyTooLong: "The body is longer than this resource takes."
        case .targetTooLong: "The request target is too long."
        case .unmetExpectation: "The only expectation understood is `100-continue`."
        case .headTooLong: "The head of the request is too long."
        case .tooManyFields: "The request has too many field lines."
        case .unsupportedMethod: "The method is not supported."
        case .overloaded: "The server has no room for another connection."
        case .replyTimeout: "The answer was not ready in time."
        case .unsupportedVersion: "Only HTTP/1.1 and HTTP/1.0 are spoken here."
        }
    }
}
