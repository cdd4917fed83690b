#if SQLite
    import Platform
    import Testing
    import TestSupport

    @testable import InviteStore

    @Suite("A merge of the look-up's runs")
    struct LookupMergeTests {
        @Test(
            "A step takes no more than its pages' worth of entries, however few of them are left",
            arguments: [0, 1, 10, 40] as [Int64]
        )
        func boundsReading(pagesLeft: Int64) throws {
            let folder = TemporaryFolder()
            try PrivateFile.makeDirectory(folder.path)
            let file = folder.path + "/pages"
            try PrivateFile.create(file, content: [])
            let connection = try Connection(path: file, access: .write, cacheKibibytes: 256, time: SystemTimeSource())
            try connection.execute("CREATE TABLE lookup_pages (number INTEGER PRIMARY KEY, entries BLOB NOT NULL)")
            let readPage = try connection.statement("SELECT entries FROM lookup_pages WHERE number = ?")
            let writePage = try connection.statement("INSERT INTO lookup_pages VALUES (?, ?)")
            let source = epoch(1, pages: 40)
            // The time of an entry is the number of its page.
            for page in 0..<source.pages {
                let milliseconds = UInt64(page)
                let entries = (0..<UInt64(LookupCodec.entriesPerPage)).map {
                    LookupEntry(space: 0, first: milliseconds, second: milliseconds << 16, third: $0)
                }
                try writePage.run {
                    $0.add(source.row(page))
                    $0.add(LookupCodec.encode(entries))
                }
            }
            var merge = LookupMerge([source], into: epoch(2, pages: 0))
            var steps: [Int] = []
            while !merge.isFinished, steps.count < 100 {
                let pages = try merge.step(
                    pagesMax: 4,
                    horizons: (invites: UInt64(40 - pagesLeft), audit: 0),
                    readPage: readPage,
                    writePage: writePage
                )
                steps.append(pages)
            }
            // The last step finds that nothing is left.
            #expect(steps == [Int](repeating: 4, count: 10) + [0])
            #expect(merge.target.pages == pagesLeft)
        }

        private func epoch(_ number: Int64, pages: Int64) -> LookupEpoch {
            LookupEpoch(number: number, family: .invites, level: 0, pages: pages, newest: pages, state: .live)
        }
    }
#endif
