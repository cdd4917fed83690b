/// Code that takes bytes from outside, and what must hold whatever they are.
///
/// A target ends the process or throws a ``Finding``; both are faults of ours. It keeps no state from one input to the
/// next, so that a finding can be replayed from its bytes alone.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case addresses
    case configuration
    case dpop
    case fields
    case httpAnswer = "http-answer"
    case httpChunked = "http-chunked"
    case httpHead = "http-head"
    case httpSplit = "http-split"
    case identifiers
    case imports
    case json
    case jwk
    case jwks
    case jws
    case scanner
    case url
    case webhooks

    /// The longest input that is of use, in bytes; what lies beyond is ignored.
    package var bytesMax: Int {
        switch self {
        case .addresses: 160
        case .configuration: 1024
        case .dpop: 1280
        case .fields: 768
        case .httpAnswer, .httpChunked, .httpSplit: 1024
        case .httpHead: 2048
        case .identifiers: 320
        case .imports: 768
        case .json: 1024
        case .jwk: 768
        case .jwks: 2048
        case .jws: 2304
        case .scanner: 384
        case .url: 768
        case .webhooks: 512
        }
    }

    /// Runs the code on one input.
    package func check(_ bytes: [UInt8]) throws(Finding) {
        let input = bytes.count > bytesMax ? Array(bytes.prefix(bytesMax)) : bytes
        switch self {
        case .addresses: try AddressTarget.check(input)
        case .configuration: try ConfigurationTarget.check(input)
        case .dpop: try DPoPTarget.check(input)
        case .fields: try FieldTarget.check(input)
        case .httpAnswer: try AnswerTarget.check(input)
        case .httpChunked: try ChunkedTarget.check(input)
        case .httpHead: try HeadTarget.check(input)
        case .httpSplit: try SplitTarget.check(input)
        case .identifiers: try IdentifierTarget.check(input)
        case .imports: try ImportTarget.check(input)
        case .json: try JSONTarget.check(input)
        case .jwk: try JWKTarget.check(input)
        case .jwks: try JWKSetTarget.check(input)
        case .jws: try TokenTarget.check(input)
        case .scanner: try ScannerTarget.check(input)
        case .url: try URLTarget.check(input)
        case .webhooks: try WebhookTarget.check(input)
        }
    }
}
