import subprocess
import sys
import tempfile
import unittest
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))

import build_wheel  # noqa: E402  (found through the line above)


class WheelTest(unittest.TestCase):
    def test_the_same_sources_give_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            first, second = build_wheel.build(ROOT, Path(one)), build_wheel.build(ROOT, Path(two))
            self.assertEqual(first.name, second.name)
            self.assertEqual(first.read_bytes(), second.read_bytes())

    def test_the_record_lists_every_file_of_the_wheel(self):
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(build_wheel.build(ROOT, Path(folder))) as wheel:
                names = wheel.namelist()
                (record,) = [name for name in names if name.endswith(".dist-info/RECORD")]
                listed = [line.split(",")[0] for line in wheel.read(record).decode().splitlines()]
        self.assertEqual(sorted(listed), sorted(names))

    def test_the_wheel_works_without_the_sources(self):
        with tempfile.TemporaryDirectory() as folder:
            wheel = build_wheel.build(ROOT, Path(folder))
            journal = ROOT / "tests" / "data" / "household.journal"
            code = f"import sys; sys.path.insert(0, {str(wheel)!r}); from ledger.__main__ import main; sys.exit(main())"
            run = subprocess.run(
                [sys.executable, "-I", "-c", code, "balance", str(journal)],
                capture_output=True, text=True, timeout=60, check=False,
            )
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("1,099.60 EUR", run.stdout)


if __name__ == "__main__":
    unittest.main()
