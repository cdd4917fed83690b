import HTTPServer
import Platform
import StrictJSON
import TokenService

/// An answer that reached its client.
struct Reply {
    /// How far a clock may be behind and still be believed, in milliseconds.
    static let lagMillisecondsMax: Int64 = 5_000

    let status: Int
    let body: [UInt8]
    let requestID: String
    let isReplay: Bool
    let began: Moment
    let ended: Moment
    /// True where a fault may be why the answer is 503.
    let isExcused: Bool
    /// The number of the process that answered.
    let process: Int
    let replica: Int

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
