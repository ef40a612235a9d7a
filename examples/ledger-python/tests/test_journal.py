import unittest
from decimal import Decimal
from pathlib import Path

from ledger import JournalError, parse

DATA = Path(__file__).parent / "data"


class JournalTest(unittest.TestCase):
    def refused(self, text, line, pattern):
        with self.assertRaises(JournalError) as caught:
            parse(text)
        self.assertEqual(caught.exception.line, line)
        self.assertRegex(caught.exception.rule, pattern)

    def test_a_journal_is_read_with_its_missing_amounts(self):
        ledger = parse((DATA / "household.journal").read_text(encoding="utf-8"))
        self.assertEqual(len(ledger.transactions), 3)
        self.assertEqual(ledger.balances()["assets:bank", "EUR"], Decimal("1099.60"))
        self.assertEqual(ledger.balances()["assets:cash", "USD"], Decimal("50.00"))

    def test_every_journal_adds_up_to_zero(self):
        ledger = parse((DATA / "household.journal").read_text(encoding="utf-8"))
        totals = {}
        for (_, currency), value in ledger.balances().items():
            totals[currency] = totals.get(currency, Decimal()) + value
        self.assertEqual(set(totals.values()), {Decimal("0.00")})

    def test_an_empty_journal_has_no_transactions(self):
        self.assertEqual(parse("\n; nothing\n").transactions, [])

    def test_the_missing_amount_is_worked_out_per_currency(self):
        ledger = parse("2026-01-01 * Mixed\n a  1 EUR\n b  2 USD\n c\n")
        self.assertEqual(ledger.balances()["c", "EUR"], Decimal(-1))
        self.assertEqual(ledger.balances()["c", "USD"], Decimal(-2))

    def test_two_missing_amounts_are_refused(self):
        self.refused("2026-01-01 * X\n a  1 EUR\n b\n c\n", 4, "only one posting")

    def test_a_missing_amount_without_a_rest_is_refused(self):
        self.refused("2026-01-01 * X\n a  1 EUR\n b  -1 EUR\n c\n", 4, "nothing left")

    def test_an_unbalanced_transaction_is_refused_with_the_line_of_its_head(self):
        self.refused("\n2026-01-01 * X\n a  1 EUR\n b  -2 EUR\n", 2, "off by -1 EUR")

    def test_a_posting_without_a_transaction_is_refused(self):
        self.refused(" a  1 EUR\n", 1, "before any transaction")

    def test_a_day_that_does_not_exist_is_refused(self):
        self.refused("2026-02-30 * X\n", 1, "not a day")

    def test_lines_that_are_neither_head_nor_posting_are_refused(self):
        self.refused("Hello\n", 1, "starts like")
        self.refused("2026-01-01 * X\n a 1,50 EUR\n", 2, "is like")

    def test_a_journal_beyond_the_limit_is_refused(self):
        self.refused(";" * (4 * 1024 * 1024 + 1), 1, "more than")


if __name__ == "__main__":
    unittest.main()
