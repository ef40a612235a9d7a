"""Command line: python3 -m ledger balance FILE."""

import argparse
import sys

from . import LedgerError, parse, render_balances


def main(argv=None) -> int:
    """Runs one command; 0 on success, 1 when the journal is wrong or cannot be read."""
    parser = argparse.ArgumentParser(prog="ledger")
    commands = parser.add_subparsers(dest="command", required=True)
    balance = commands.add_parser("balance", help="print the balance of every account")
    balance.add_argument("file")
    arguments = parser.parse_args(argv)
    try:
        with open(arguments.file, encoding="utf-8") as stream:
            print(render_balances(parse(stream.read())), end="")
    except (LedgerError, OSError, UnicodeDecodeError) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
