import FuzzBodies
import Glibc

/// The target that `FUZZ_TARGET` names, and the time and the memory that one input may take.
private enum Driver {
    /// Processor time; the instrumentation and the address checks make everything several times slower.
    static let nanosecondsMax: UInt64 = 250_000_000
    /// How much more memory than any input before it one may bring the process to hold; libFuzzer itself learns of an
    /// allocation with the address sanitizer alone.
    static let kilobytesMax = 64 << 10

    static let target: FuzzTarget = {
        let name = unsafe getenv("FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            report("FUZZ_TARGET must be one of: " + FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))
            exit(2)
        }
        return target
    }()

    /// The most memory that the process has held so far, in KiB.
    static func peakKilobytes() -> Int {
        var usage = rusage()
        unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        return usage.ru_maxrss
    }

    static func threadNanoseconds() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    static func report(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe [UInt8](UnsafeBufferPointer(start: data, count: count))
    let (start, peak) = (Driver.threadNanoseconds(), Driver.peakKilobytes())
    do throws(Finding) {
        try Driver.target.check(bytes)
    } catch {
        Driver.report("\nFINDING in \(Driver.target.rawValue): \(error)")
        abort()
    }
    let nanoseconds = Driver.threadNanoseconds() &- start
    if nanoseconds > Driver.nanosecondsMax {
        Driver.report("\nFINDING in \(Driver.target.rawValue): \(nanoseconds / 1_000_000) ms for one input")
        abort()
    }
    let kilobytes = Driver.peakKilobytes() - peak
    if kilobytes > Driver.kilobytesMax {
        Driver.report("\nFINDING in \(Driver.target.rawValue): \(kilobytes >> 10) MiB for one input")
        abort()
    }
    return 0
}

/// Without `--sanitize fuzzer` the package manager wants a `main` of this name, where libFuzzer has its own: this is that.
@_cdecl("fuzz_main")
public func fuzzMain(
    _ count: CInt,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    var (count, words) = unsafe (count, words)
    return unsafe runDriver(&count, &words, testOneInput)
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
