package import Platform

/// Instants as text: RFC 3339 in UTC with whole seconds, `2026-11-20T23:15:00Z`.
package enum RFC3339 {
    /// The number of characters of the text form.
    package static let count = 20

    /// The first second of the year 0000 and the last of 9999, in UTC.
    private static let secondsRange: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// The text form; years 0000 to 9999, outside of which the nearest of them.
    package static func text(_ time: UnixTime) -> String {
        unsafe String(unsafeUninitializedCapacity: count) { buffer in
            unsafe buffer.initialize(repeating: 0)
            var span = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            write(time, to: &span)
            return count
        }
    }

    /// Writes the text form to a place of ``count`` characters.
    package static func write(_ time: UnixTime, to text: inout MutableSpan<UInt8>) {
        let seconds = min(max(time.seconds, secondsRange.lowerBound), secondsRange.upperBound)
        let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let rest = UInt32(truncatingIfNeeded: seconds - days * 86_400)
        let (year, month, day) = civil(fromDays: days)
        let years = UInt32(truncatingIfNeeded: year)
        put(years / 100, to: &text, at: 0)
        put(years % 100, to: &text, at: 2)
        text[4] = UInt8(ascii: "-")
        put(UInt32(truncatingIfNeeded: month), to: &text, at: 5)
        text[7] = UInt8(ascii: "-")
        put(UInt32(truncatingIfNeeded: day), to: &text, at: 8)
        text[10] = UInt8(ascii: "T")
        put(rest / 3600, to: &text, at: 11)
        text[13] = UInt8(ascii: ":")
        put(rest / 60 % 60, to: &text, at: 14)
        text[16] = UInt8(ascii: ":")
        put(rest % 60, to: &text, at: 17)
        text[19] = UInt8(ascii: "Z")
    }

    /// Two digits of a number below 100.
    @inline(__always)
    private static func put(_ value: UInt32, to text: inout MutableSpan<UInt8>, at index: Int) {
        text[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10)
        text[index + 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10)
    }

    /// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`; nil for anything else, leap seconds included, and where the
    /// offset leads out of the years that can be written in UTC.
    package static func parse(_ text: String) -> UnixTime? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), bytes[4] == UInt8(ascii: "-"), let month = number(5..<7),
            bytes[7] == UInt8(ascii: "-"), let day = number(8..<10), bytes[10] | 0x20 == UInt8(ascii: "t"),
            let hour = number(11..<13), bytes[13] == UInt8(ascii: ":"), let minute = number(14..<16),
            bytes[16] == UInt8(ascii: ":"), let second = number(17..<19),
            (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year), hour < 24, minute < 60,
            second < 60
        else { return nil }
        var index = 19
        var milliseconds: Int64 = 0
        if bytes[index] == UInt8(ascii: ".") {
            index += 1
            let start = index
            while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
                index += 1
            }
            guard index > start, index - start <= 9 else { return nil }
            for position in 0..<3 {
                let digit = start + position < index ? Int64(bytes[start + position] - UInt8(ascii: "0")) : 0
                milliseconds = milliseconds * 10 + digit
            }
        }
        guard index < bytes.count, let offset = offsetMinutes(bytes[index...]) else { return nil }
        let seconds = days(year: year, month: month, day: day) * 86_400 + hour * 3600 + (minute - offset) * 60 + second
        guard secondsRange.contains(seconds) else { return nil }
        return UnixTime(milliseconds: seconds * 1000 + milliseconds)
    }

    private static func offsetMinutes(_ zone: ArraySlice<UInt8>) -> Int64? {
        let bytes = Array(zone)
        if bytes.count == 1 { return bytes[0] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"),
            bytes[3] == UInt8(ascii: ":")
        else { return nil }
        let digits = [bytes[1], bytes[2], bytes[4], bytes[5]].map { Int64($0) - 48 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let hours = digits[0] * 10 + digits[1]
        let minutes = digits[2] * 10 + digits[3]
        guard hours < 24, minutes < 60 else { return nil }
        return (bytes[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }

    /// Days since 1970-01-01 of a date in the proleptic Gregorian calendar.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }

    private static func daysIn(month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: return 30
        default: return 31
        }
    }
}
