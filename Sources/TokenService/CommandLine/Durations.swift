/// Durations as people write them: `90`, `15m`, `24h`, `7d`.
enum Durations {
    /// Whole seconds; nil for anything else, or where the number does not fit.
    static func seconds(_ text: String) -> Int64? {
        var digits = Substring(text)
        let unit: Int64
        switch text.last {
        case "s": unit = 1
        case "m": unit = 60
        case "h": unit = 3600
        case "d": unit = 86_400
        default: unit = 0
        }
        if unit > 0 { digits.removeLast() }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let number = Int64(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: max(1, unit))
        return overflow ? nil : product
    }
}
