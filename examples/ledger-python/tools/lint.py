"""Checks every source: it must compile without warnings and keep to a few rules of form. Exit code 1 on a finding."""

import ast
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_LINE = 130


def findings(path: Path):
    text = path.read_text(encoding="utf-8")
    shown = path.relative_to(ROOT)
    for number, line in enumerate(text.split("\n"), start=1):
        if line != line.rstrip():
            yield f"{shown}:{number}: white space at the end of the line"
        if "\t" in line:
            yield f"{shown}:{number}: a tab"
        if len(line) > MAX_LINE:
            yield f"{shown}:{number}: longer than {MAX_LINE} characters"
    if not text.endswith("\n"):
        yield f"{shown}:{len(text.splitlines())}: no line end at the end of the file"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(text, filename=str(shown))
            compile(tree, str(shown), "exec")
    except (SyntaxError, SyntaxWarning, DeprecationWarning) as error:
        yield f"{shown}:{getattr(error, 'lineno', None) or 1}: {error}"
        return
    yield from unused_imports(tree, shown)


def unused_imports(tree: ast.Module, shown: Path):
    if shown.name == "__init__.py":
        return
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                if name not in used:
                    yield f"{shown}:{node.lineno}: {name} is imported and not used"


def main() -> int:
    sources = sorted(path for folder in ("src", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))
    found = [finding for path in sources for finding in findings(path)]
    for finding in found:
        print(finding, file=sys.stderr)
    print(f"lint: {len(sources)} files, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
