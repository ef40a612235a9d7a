"""Balances as text."""

from decimal import Decimal
from typing import Dict, List

from .model import Ledger


def render_balances(ledger: Ledger) -> str:
    """One line per account and currency, children indented below their parents, who show the sum."""
    names = set()
    for account, _ in ledger.balances():
        parts = account.split(":")
        names.update(":".join(parts[: end + 1]) for end in range(len(parts)))
    lines: List[str] = []
    for name in sorted(names, key=lambda account: account.split(":")):
        lines.extend(render_account(name, ledger.total(name)))
    return "".join(line + "\n" for line in lines)


def render_account(name: str, totals: Dict[str, Decimal]) -> List[str]:
    depth = name.count(":")
    label = "  " * depth + name.rsplit(":", 1)[-1]
    return [f"{value:>16,} {currency}  {label}" for currency, value in sorted(totals.items())]
