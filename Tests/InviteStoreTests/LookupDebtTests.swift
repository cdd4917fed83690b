#if SQLite
    import InviteStore
    import Testing

    @Suite("What merging of the look-up owes")
    struct LookupDebtTests {
        @Test(
            "Entries are paid for once a level and half as often again, in whole pages of 126, whatever the batches",
            arguments: [1, 3, 48, 126, 3_000],
            [1, 2, 5]
        )
        func paysAll(batch: Int, levels: Int) {
            var debt = LookupDebt()
            var pages = 0
            for _ in 0..<1_000 { pages += debt.take(adding: batch, levels: levels) }
            #expect(abs(pages - 1_000 * (batch * levels * 3 / 2) / 126) <= 1)
        }

        @Test("A step does at most 256 pages, and the next ones the rest")
        func isBounded() {
            var debt = LookupDebt()
            #expect(debt.take(adding: 126 * 400, levels: 1) == 256)
            #expect(debt.take(adding: 1, levels: 1) == 256)
            #expect(debt.take(adding: 1, levels: 1) == 600 - 512)
        }

        @Test("Where nothing was added, a small step is done and nothing stays due")
        func forgetsWhenIdle() {
            var debt = LookupDebt()
            _ = debt.take(adding: 126 * 400, levels: 1)
            #expect(debt.take(adding: 0, levels: 1) == 16)
            #expect(debt.take(adding: 1, levels: 1) == 0)
        }

        @Test("Numbers out of all bounds neither trap nor stay due for ever")
        func isTotal() {
            var debt = LookupDebt()
            #expect(debt.take(adding: .max, levels: .max) == 256)
            #expect(debt.take(adding: 1, levels: 0) == 256)
            var steps = 0
            while debt.take(adding: 1, levels: 1) > 0 { steps += 1 }
            #expect(steps < 100)
        }
    }
#endif
