"""Line coverage of one folder, with the standard library alone, and its Cobertura file."""

import ast
import dis
import os
import sys
import threading
from collections import Counter
from pathlib import Path
from types import CodeType
from typing import Dict, Set
from xml.etree import ElementTree


class LineCoverage:
    """Counts the lines run below `folder` between start() and stop()."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.prefix = str(self.folder) + os.sep
        self.hits: Dict[str, Counter] = {}

    def start(self) -> None:
        threading.settrace(self.on_call)
        sys.settrace(self.on_call)

    def stop(self) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def on_call(self, frame, _event, _argument):
        name = frame.f_code.co_filename
        if not name.startswith(self.prefix):
            return None
        counter = self.hits.setdefault(name, Counter())

        def on_line(frame, event, _argument):
            if event == "line":
                counter[frame.f_lineno] += 1
            return on_line

        return on_line

    def lines(self) -> Dict[Path, Dict[int, int]]:
        """Every executable line of every source with its hits; a source never imported has none."""
        found = {}
        for path in sorted(self.folder.rglob("*.py")):
            counter = self.hits.get(str(path), Counter())
            found[path] = {line: counter[line] for line in sorted(executable_lines(path))}
        return found


def executable_lines(path: Path) -> Set[int]:
    """The lines that hold code, docstrings left out."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    pending = [compile(tree, str(path), "exec")]
    lines: Set[int] = set()
    while pending:
        code = pending.pop()
        # Line 0 and the `def` line of an inner block stand for entering it, which is no line event.
        starts = {line for _, line in dis.findlinestarts(code) if line}
        lines |= starts if code.co_name == "<module>" else starts - {code.co_firstlineno}
        pending.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return lines - docstring_lines(tree)


def docstring_lines(tree: ast.Module) -> Set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found: Set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, owners) and ast.get_docstring(node, clean=False) is not None:
            text = node.body[0]
            found.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return found


def rate(lines: Dict[int, int]) -> str:
    covered = sum(1 for hits in lines.values() if hits)
    return f"{covered / len(lines):.4f}" if lines else "1.0"


def write_cobertura(coverage: Dict[Path, Dict[int, int]], root: Path, target: Path) -> None:
    """Writes Cobertura XML with paths relative to `root`, one package, one class per file."""
    every = {(path, line): hits for path, lines in coverage.items() for line, hits in lines.items()}
    top = ElementTree.Element("coverage", {
        "line-rate": rate(every),
        "branch-rate": "0",
        "lines-covered": str(sum(1 for hits in every.values() if hits)),
        "lines-valid": str(len(every)),
        "branches-covered": "0",
        "branches-valid": "0",
        "complexity": "0",
        "version": "1",
        "timestamp": "0",
    })
    ElementTree.SubElement(ElementTree.SubElement(top, "sources"), "source").text = "."
    package = ElementTree.SubElement(
        ElementTree.SubElement(top, "packages"), "package",
        {"name": "src", "line-rate": rate(every), "branch-rate": "0", "complexity": "0"},
    )
    classes = ElementTree.SubElement(package, "classes")
    for path, lines in coverage.items():
        filename = path.relative_to(root.resolve()).as_posix()
        entry = ElementTree.SubElement(classes, "class", {
            "name": path.name, "filename": filename,
            "line-rate": rate(lines), "branch-rate": "0", "complexity": "0",
        })
        ElementTree.SubElement(entry, "methods")
        listed = ElementTree.SubElement(entry, "lines")
        for line, hits in lines.items():
            ElementTree.SubElement(listed, "line", {"number": str(line), "hits": str(hits), "branch": "false"})
    ElementTree.ElementTree(top).write(target, encoding="utf-8", xml_declaration=True)
