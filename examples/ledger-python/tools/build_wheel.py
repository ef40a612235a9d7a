"""Builds out/ledger_python-<version>-py3-none-any.whl: a pure wheel with the same bytes for the same sources."""

import base64
import hashlib
import re
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTION = "ledger_python"
# The oldest time that a ZIP archive can hold: no clock goes into the wheel.
EPOCH = (1980, 1, 1, 0, 0, 0)


def version(root: Path) -> str:
    """The version that src/ledger/__init__.py declares, read without importing it."""
    text = (root / "src" / "ledger" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise SystemExit("src/ledger/__init__.py declares no __version__")
    return match[1]


def metadata(root: Path, number: str) -> bytes:
    lines = [
        "Metadata-Version: 2.1",
        "Name: ledger-python",
        f"Version: {number}",
        "Summary: Double-entry bookkeeping in pure Python.",
        "License: MIT OR Apache-2.0",
        "Requires-Python: >=3.9",
        "Description-Content-Type: text/markdown",
        "",
        (root / "README.md").read_text(encoding="utf-8"),
    ]
    return "\n".join(lines).encode()


def contents(root: Path, number: str):
    """The files of the wheel in order, the record left out."""
    source = root / "src"
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*.py")}
    info = f"{DISTRIBUTION}-{number}.dist-info"
    ordered = sorted(files.items())
    ordered.append((f"{info}/METADATA", metadata(root, number)))
    wheel = "Wheel-Version: 1.0\nGenerator: build_wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ordered.append((f"{info}/WHEEL", wheel.encode()))
    return info, ordered


def record_line(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


def build(root: Path, out: Path) -> Path:
    """Writes the wheel into `out` and gives its path."""
    number = version(root)
    info, files = contents(root, number)
    record = "".join(record_line(name, content) for name, content in files) + f"{info}/RECORD,,\n"
    files.append((f"{info}/RECORD", record.encode()))
    target = out / f"{DISTRIBUTION}-{number}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            wheel.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    return target


def main() -> int:
    out = ROOT / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    wheel = build(ROOT, out)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    print(f"package: out/{wheel.name}, {wheel.stat().st_size} bytes, sha256:{digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
