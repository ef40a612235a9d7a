import unittest
from datetime import date
from decimal import Decimal

from ledger import Amount, Ledger, LedgerError, Posting, Transaction, UnbalancedError


def euro(text):
    return Amount(Decimal(text), "EUR")


def transfer(day, source, target, text):
    return Transaction(day, "Transfer", (Posting(target, euro(text)), Posting(source, -euro(text))))


class ModelTest(unittest.TestCase):
    def test_an_amount_must_be_a_finite_decimal(self):
        for value in (1, 1.5, "1", Decimal("NaN"), Decimal("Infinity")):
            with self.subTest(value=value), self.assertRaises(LedgerError):
                Amount(value, "EUR")

    def test_a_currency_has_three_capital_letters(self):
        for currency in ("", "eur", "EURO", "E1R"):
            with self.subTest(currency=currency), self.assertRaises(LedgerError):
                Amount(Decimal(1), currency)

    def test_an_account_is_a_path_of_lower_case_words(self):
        Posting("assets:bank:main-account", euro("1"))
        for account in ("", "Assets", "assets:", ":bank", "assets bank", "assets::bank"):
            with self.subTest(account=account), self.assertRaises(LedgerError):
                Posting(account, euro("1"))

    def test_a_transaction_that_does_not_balance_is_refused_with_the_difference(self):
        with self.assertRaises(UnbalancedError) as caught:
            Transaction(date(2026, 1, 1), "Lunch", (Posting("a", euro("1.10")), Posting("b", euro("-1"))))
        self.assertEqual(caught.exception.differences, {"EUR": Decimal("0.10")})

    def test_a_transaction_balances_in_each_currency_by_itself(self):
        with self.assertRaises(UnbalancedError):
            Transaction(
                date(2026, 1, 1),
                "Exchange",
                (Posting("a", euro("1")), Posting("b", Amount(Decimal(-1), "USD"))),
            )

    def test_one_posting_is_no_transaction(self):
        with self.assertRaises(LedgerError):
            Transaction(date(2026, 1, 1), "Half", (Posting("a", euro("0")),))

    def test_tenths_add_up_exactly(self):
        ledger = Ledger()
        for _ in range(10):
            ledger.record(transfer(date(2026, 1, 1), "equity:opening", "assets:bank", "0.1"))
        self.assertEqual(ledger.total("assets"), {"EUR": Decimal("1.0")})

    def test_balances_stop_after_the_day_asked_for(self):
        ledger = Ledger()
        ledger.record(transfer(date(2026, 2, 1), "equity:opening", "assets:bank", "5"))
        ledger.record(transfer(date(2026, 1, 1), "equity:opening", "assets:bank", "3"))
        self.assertEqual(ledger.balances(date(2026, 1, 31))["assets:bank", "EUR"], Decimal(3))
        self.assertEqual(ledger.balances()["assets:bank", "EUR"], Decimal(8))

    def test_accounts_that_are_even_are_left_out(self):
        ledger = Ledger()
        ledger.record(transfer(date(2026, 1, 1), "a", "b", "5"))
        ledger.record(transfer(date(2026, 1, 2), "b", "a", "5"))
        self.assertEqual(ledger.balances(), {})

    def test_a_total_covers_what_is_below_and_nothing_beside(self):
        ledger = Ledger()
        ledger.record(transfer(date(2026, 1, 1), "equity", "assets:bank", "5"))
        ledger.record(transfer(date(2026, 1, 1), "equity", "assets-other", "7"))
        self.assertEqual(ledger.total("assets"), {"EUR": Decimal(5)})


if __name__ == "__main__":
    unittest.main()
