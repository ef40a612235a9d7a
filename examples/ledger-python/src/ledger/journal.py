"""Reads journals: dated transactions with indented postings, one of which may leave its amount out."""

import re
from datetime import date
from decimal import Decimal
from typing import List, Optional, Tuple

from .errors import JournalError, LedgerError
from .model import Amount, Ledger, Posting, Transaction, sums

MAX_BYTES = 4 * 1024 * 1024
HEAD = re.compile(r"(\d{4}-\d{2}-\d{2}) \* (\S.*)")
LEG = re.compile(r"(\S+)(?:\s+(-?\d{1,15}(?:\.\d{1,8})?) ([A-Z]{3}))?")

# A posting as written: account, amount (or none, to be worked out), line.
Leg = Tuple[str, Optional[Amount], int]


def parse(text: str) -> Ledger:
    """Reads a journal; raises JournalError with the line of the first thing that is wrong."""
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise JournalError(1, f"the journal has more than {MAX_BYTES} bytes")
    ledger = Ledger()
    head = None
    legs: List[Leg] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split(";", 1)[0].rstrip()
        if not line:
            continue
        if not line[0].isspace():
            finish(ledger, head, legs)
            head, legs = read_head(line, number), []
        elif head is None:
            raise JournalError(number, "a posting stands before any transaction")
        else:
            legs.append(read_leg(line.strip(), number))
    finish(ledger, head, legs)
    return ledger


def read_head(line: str, number: int):
    match = HEAD.fullmatch(line)
    if match is None:
        raise JournalError(number, "a transaction starts like: 2026-01-31 * Description")
    try:
        return date.fromisoformat(match[1]), match[2], number
    except ValueError:
        raise JournalError(number, f"{match[1]} is not a day of the calendar") from None


def read_leg(line: str, number: int) -> Leg:
    match = LEG.fullmatch(line)
    if match is None:
        raise JournalError(number, "a posting is like: assets:bank  12.50 EUR")
    amount = None if match[2] is None else Amount(Decimal(match[2]), match[3])
    return match[1], amount, number


def finish(ledger: Ledger, head, legs: List[Leg]) -> None:
    """Works the missing amount out and records the transaction."""
    if head is None:
        return
    day, description, number = head
    try:
        ledger.record(Transaction(day, description, tuple(complete(legs))))
    except JournalError:
        raise
    except LedgerError as error:
        raise JournalError(number, str(error)) from error


def complete(legs: List[Leg]) -> List[Posting]:
    open_legs = [leg for leg in legs if leg[1] is None]
    if len(open_legs) > 1:
        raise JournalError(open_legs[1][2], "only one posting of a transaction may leave its amount out")
    written = [Posting(account, amount) for account, amount, _ in legs if amount is not None]
    if not open_legs:
        return written
    rest = {currency: value for currency, value in sums(written).items() if value != 0}
    account, _, line = open_legs[0]
    if not rest:
        raise JournalError(line, "there is nothing left for the posting without an amount")
    return written + [Posting(account, Amount(-value, currency)) for currency, value in sorted(rest.items())]
