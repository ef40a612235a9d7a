import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from ledger.__main__ import main

DATA = Path(__file__).parent / "data"


def run(*arguments):
    """Runs the command; gives its code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    return code, out.getvalue(), err.getvalue()


class CommandLineTest(unittest.TestCase):
    def test_balances_are_printed_as_a_tree(self):
        code, out, _ = run("balance", str(DATA / "household.journal"))
        self.assertEqual(code, 0)
        self.assertIn("        1,099.60 EUR  assets\n", out)
        self.assertIn("        1,099.60 EUR    bank\n", out)
        self.assertIn("       -1,200.00 EUR    opening\n", out)

    def test_a_wrong_journal_is_named_with_its_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "wrong.journal"
            path.write_text("2026-01-01 * X\n a  1 EUR\n b  1 EUR\n", encoding="utf-8")
            code, out, err = run("balance", str(path))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("wrong.journal: line 1: ", err)

    def test_a_missing_file_is_an_error_and_no_traceback(self):
        code, _, err = run("balance", "/nonexistent/journal")
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent/journal", err)


if __name__ == "__main__":
    unittest.main()
