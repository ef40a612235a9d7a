"""What can go wrong, typed."""


class LedgerError(ValueError):
    """A rule of bookkeeping is broken."""


class UnbalancedError(LedgerError):
    """A transaction whose postings do not add up to zero in every currency."""

    def __init__(self, description, differences):
        self.differences = dict(differences)
        shown = ", ".join(f"{value} {currency}" for currency, value in sorted(self.differences.items()))
        super().__init__(f"transaction {description!r} is off by {shown}")


class JournalError(LedgerError):
    """A journal that cannot be read; `line` counts from 1."""

    def __init__(self, line, rule):
        self.line = line
        self.rule = rule
        super().__init__(f"line {line}: {rule}")
