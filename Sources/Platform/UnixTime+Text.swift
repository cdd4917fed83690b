extension UnixTime {
    /// The date and time of day in UTC, by the proleptic Gregorian calendar.
    package struct Components: Equatable, Sendable {
        package var year: Int64
        /// 1–12.
        package var month: Int
        /// 1–31.
        package var day: Int
        /// 0 is Sunday.
        package var weekday: Int
        package var hour: Int
        package var minute: Int
        package var second: Int
        package var millisecond: Int
    }

    /// This instant as date and time of day.
    package var components: Components {
        let second = seconds
        let day = second >= 0 ? second / 86_400 : (second - 86_399) / 86_400
        let secondOfDay = Int(second - day * 86_400)
        // Days are counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Components(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: Int(month),
            day: Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1),
            weekday: Int(((day + 4) % 7 + 7) % 7),
            hour: secondOfDay / 3600,
            minute: secondOfDay / 60 % 60,
            second: secondOfDay % 60,
            millisecond: Int(milliseconds - second * 1000)
        )
    }

    /// The instant as RFC 3339 text in UTC with milliseconds, such as `2026-11-21T09:30:00.250Z`.
    package var iso8601: String {
        let parts = components
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
        }
        let date = "\(padded(Int(parts.year), 4))-\(padded(parts.month, 2))-\(padded(parts.day, 2))"
        let time = "\(padded(parts.hour, 2)):\(padded(parts.minute, 2)):\(padded(parts.second, 2))"
        return "\(date)T\(time).\(padded(parts.millisecond, 3))Z"
    }
}
