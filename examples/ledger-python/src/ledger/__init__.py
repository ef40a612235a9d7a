"""Double-entry bookkeeping: exact amounts, balanced transactions, a readable journal."""

from .errors import JournalError, LedgerError, UnbalancedError
from .journal import parse
from .model import Amount, Ledger, Posting, Transaction
from .report import render_balances

__all__ = [
    "Amount",
    "JournalError",
    "Ledger",
    "LedgerError",
    "Posting",
    "Transaction",
    "UnbalancedError",
    "parse",
    "render_balances",
]
__version__ = "0.3.0"
