"""Amounts, postings, transactions and the ledger that adds them up."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Dict, List, Optional, Tuple

from .errors import LedgerError, UnbalancedError

ACCOUNT = re.compile(r"[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)*")
CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Amount:
    """An exact value in one currency (ISO 4217 code)."""

    value: Decimal
    currency: str

    def __post_init__(self):
        if not isinstance(self.value, Decimal) or not self.value.is_finite():
            raise LedgerError(f"amount must be a finite decimal, got {self.value!r}")
        if not CURRENCY.fullmatch(self.currency):
            raise LedgerError(f"currency must be three capital letters, got {self.currency!r}")

    def __neg__(self):
        return Amount(-self.value, self.currency)

    def __str__(self):
        return f"{self.value} {self.currency}"


@dataclass(frozen=True)
class Posting:
    """One leg of a transaction: an account and what is added to it."""

    account: str
    amount: Amount

    def __post_init__(self):
        if not ACCOUNT.fullmatch(self.account):
            raise LedgerError(f"account must be like assets:bank, got {self.account!r}")


@dataclass(frozen=True)
class Transaction:
    """A dated, described set of postings that adds up to zero in every currency."""

    day: date
    description: str
    postings: Tuple[Posting, ...]

    def __post_init__(self):
        if len(self.postings) < 2:
            raise LedgerError(f"transaction {self.description!r} needs two postings or more")
        differences = {k: v for k, v in sums(self.postings).items() if v != 0}
        if differences:
            raise UnbalancedError(self.description, differences)


def sums(postings) -> Dict[str, Decimal]:
    """Adds postings up per currency."""
    totals: Dict[str, Decimal] = defaultdict(Decimal)
    for posting in postings:
        totals[posting.amount.currency] += posting.amount.value
    return dict(totals)


@dataclass
class Ledger:
    """Transactions in the order of their days; equal days keep the order they came in."""

    transactions: List[Transaction] = field(default_factory=list)

    def record(self, transaction: Transaction) -> None:
        """Adds one transaction."""
        self.transactions.append(transaction)
        self.transactions.sort(key=lambda entry: entry.day)

    def balances(self, until: Optional[date] = None) -> Dict[Tuple[str, str], Decimal]:
        """The balance per account and currency, through the day `until`; zero balances are left out."""
        totals: Dict[Tuple[str, str], Decimal] = defaultdict(Decimal)
        for transaction in self.transactions:
            if until is not None and transaction.day > until:
                break
            for posting in transaction.postings:
                totals[posting.account, posting.amount.currency] += posting.amount.value
        return {key: value for key, value in sorted(totals.items()) if value != 0}

    def total(self, account: str) -> Dict[str, Decimal]:
        """The balance of an account and everything below it, per currency."""
        totals: Dict[str, Decimal] = defaultdict(Decimal)
        for (name, currency), value in self.balances().items():
            if name == account or name.startswith(account + ":"):
                totals[currency] += value
        return dict(totals)
