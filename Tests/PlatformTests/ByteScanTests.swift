import Platform
import Testing

@Suite("Searching bytes")
struct ByteScanTests {
    /// Each byte at each place of texts that are shorter, as long as and longer than what is looked at together.
    @Test("The first byte that is wanted is found at every place, and no other", arguments: [1, 31, 32, 33, 64, 97])
    func everyPlace(count: Int) {
        let filling: [UInt8] = [0x20, 0x7E, 0x80, 0xFF, 0x61]
        var wrong: [(place: Int, byte: UInt8, filler: UInt8)] = []
        for place in 0..<count {
            for byte in UInt8.min...UInt8.max {
                let isControl = byte < 0x20 || byte == 0x7F
                for filler in filling {
                    var text = [UInt8](repeating: filler, count: count)
                    text[place] = byte
                    let control = ByteScan.firstControl(in: text.span, 0..<count)
                    if control != (isControl ? place : nil) { wrong.append((place, byte, filler)) }
                    guard filler < 0x80 else { continue }
                    let other = ByteScan.firstOther(in: text.span, 0..<count)
                    if other != (isControl || byte >= 0x80 ? place : nil) { wrong.append((place, byte, filler)) }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("Only the given part is searched, and of several the first is found")
    func parts() {
        var text = [UInt8](repeating: 0x61, count: 80)
        for place in [3, 40, 41, 79] { text[place] = 0x0A }
        #expect(ByteScan.firstControl(in: text.span, 0..<80) == 3)
        #expect(ByteScan.firstControl(in: text.span, 4..<80) == 40)
        #expect(ByteScan.firstControl(in: text.span, 41..<80) == 41)
        #expect(ByteScan.firstControl(in: text.span, 42..<79) == nil)
        #expect(ByteScan.firstControl(in: text.span, 42..<42) == nil)
        #expect(ByteScan.firstOther(in: text.span, 42..<80) == 79)
    }
}
