import HTTPServer
import Platform
import StrictJSON
import TokenService

/// An answer that reached its client.
struct Reply {
    /// How far a clock may be behind and still be believed, in milliseconds.
    static let lagMillisecondsMax: Int64 = 5_000

    let response: HTTPResponse
    let began: Moment
    let ended: Moment
    /// True where a fault may be why the answer is 503.
    let isExcused: Bool
    /// True where the replica could not know what the others did.
    let isDeaf: Bool
    /// The number of the process that answered.
    let process: Int
    let replica: Int

    var status: Int { response.status }
    var body: [UInt8] { response.body }
    var requestID: String { response.field("Request-Id") ?? "" }
    var isReplay: Bool { response.field("Idempotent-Replayed") == "true" }

    var json: JSONValue? {
        (try? JSONDocument(parsing: body, limits: JSONLimits(bytesMax: 8 << 20, valuesMax: 200_000)))?.root
    }

    subscript(_ name: String) -> String? { json?[name]?.string }

    /// The `code` of an error.
    var code: String? { json?["error"]?["code"]?.string }

    /// True where nobody knows whether it was done.
    var isUnknown: Bool {
        status == 503 && (json?["error"]?["message"]?.string?.hasPrefix("It is not known") ?? false)
    }

    /// A member that is an instant.
    func time(_ name: String) -> UnixTime? { self[name].flatMap { RFC3339.parse($0) } }
}
