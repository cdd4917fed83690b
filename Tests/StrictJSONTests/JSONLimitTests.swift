import StrictJSON
import Testing

@Suite("Limits")
struct JSONLimitTests {
    private func kind(_ text: String, _ limits: JSONLimits) -> JSONError.Kind? {
        do throws(JSONError) {
            _ = try JSONDocument(parsing: Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test("Each limit accepts its value and rejects one more")
    func holdsEdges() {
        #expect(kind("\"ab\"", JSONLimits(bytesMax: 4)) == nil)
        #expect(kind("\"abc\"", JSONLimits(bytesMax: 4)) == .tooLarge)
        #expect(kind("[{}]", JSONLimits(depthMax: 2)) == nil)
        #expect(kind("[{\"a\":[]}]", JSONLimits(depthMax: 2)) == .tooDeep)
        #expect(kind("1", JSONLimits(depthMax: 0)) == nil)
        #expect(kind("[]", JSONLimits(depthMax: 0)) == .tooDeep)
        #expect(kind("[1,2]", JSONLimits(valuesMax: 3)) == nil)
        #expect(kind("[1,2,3]", JSONLimits(valuesMax: 3)) == .tooManyValues)
        #expect(kind("{\"a\":1,\"b\":2}", JSONLimits(valuesMax: 3)) == nil)
        #expect(kind("-1.5", JSONLimits(numberDigitsMax: 4)) == nil)
        #expect(kind("-1.55", JSONLimits(numberDigitsMax: 4)) == .numberTooLong)
        #expect(kind("\"\\u0061bc\"", JSONLimits(stringBytesMax: 3)) == nil)
        #expect(kind("\"abcd\"", JSONLimits(stringBytesMax: 3)) == .stringTooLong)
        #expect(kind("{\"abcd\":1}", JSONLimits(stringBytesMax: 3)) == .stringTooLong)
        #expect(kind("\"\\u20ac\"", JSONLimits(stringBytesMax: 3)) == nil)
        #expect(kind("\"\\ud83d\\ude00\"", JSONLimits(stringBytesMax: 3)) == .stringTooLong)
        #expect(kind("\"\\ud83d\\ude00\"", JSONLimits(stringBytesMax: 4)) == nil)
    }

    @Test("A text of one mebibyte with as many members as fit is read in linear time", .timeLimit(.minutes(1)))
    func readsLargeObjects() throws {
        var text = "{"
        var count = 0
        while text.utf8.count < (1 << 20) - 20 {
            text += count == 0 ? "" : ","
            text += "\"\(count)\":0"
            count += 1
        }
        text += "}"
        let bytes = Array(text.utf8)
        let root = try JSONDocument(parsing: bytes, limits: JSONLimits(valuesMax: .max)).root
        #expect(root.count == count && count > 90_000)
        // Compared in pairs, a hundred thousand names would take minutes.
        #expect(try JSONDocument(parsing: bytes, limits: JSONLimits(valuesMax: count + 1)).root.kind == .object)
        #expect(throws: JSONError.self) { try JSONDocument(parsing: bytes) }
    }
}
