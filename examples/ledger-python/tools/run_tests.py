"""Runs the tests; leaves reports/junit.xml and reports/cobertura.xml behind, also when tests fail."""

import re
import shutil
import sys
import time
import traceback
import unittest
from pathlib import Path
from xml.etree import ElementTree

from line_coverage import LineCoverage, write_cobertura

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "reports"
# What XML 1.0 cannot hold, not even escaped.
UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JUnitResult(unittest.TextTestResult):
    """The text result, which also keeps every test with its outcome and duration."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = []

    def startTest(self, test):
        self.started = time.perf_counter()
        self.outcome = []
        super().startTest(test)

    def stopTest(self, test):
        self.cases.append((test.id(), time.perf_counter() - self.started, self.outcome))
        super().stopTest(test)

    def note(self, kind, error):
        message = str(error[1]) or error[0].__name__
        details = "".join(traceback.format_exception(*error))
        self.outcome.append((kind, error[0].__name__, message, details))

    def addFailure(self, test, err):
        self.note("failure", err)
        super().addFailure(test, err)

    def addError(self, test, err):
        if isinstance(test, unittest.TestCase):
            self.note("error", err)
        else:
            # setUpClass and its like fail outside any test, without startTest and stopTest.
            self.outcome = []
            self.note("error", err)
            self.cases.append((test.id(), 0.0, self.outcome))
        super().addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            kind = "failure" if issubclass(err[0], test.failureException) else "error"
            self.note(kind, err)
        super().addSubTest(test, subtest, err)

    def addSkip(self, test, reason):
        self.outcome.append(("skipped", "", reason, ""))
        super().addSkip(test, reason)

    def addUnexpectedSuccess(self, test):
        self.outcome.append(("failure", "UnexpectedSuccess", "expected to fail and passed", ""))
        super().addUnexpectedSuccess(test)


def write_junit(cases, target: Path) -> None:
    """Writes one suite per test class."""
    top = ElementTree.Element("testsuites")
    suites = {}
    for identity, seconds, outcome in cases:
        owner, name = split(identity)
        suite = suites.get(owner)
        if suite is None:
            suite = suites[owner] = ElementTree.SubElement(top, "testsuite", {"name": owner})
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": owner, "name": name, "time": f"{seconds:.6f}"}
        )
        for kind, error_type, message, details in outcome[:1]:
            attributes = {"message": clean(message)}
            if error_type:
                attributes["type"] = error_type
            ElementTree.SubElement(case, kind, attributes).text = clean(details)
    for suite in suites.values():
        suite.set("tests", str(len(suite)))
        for kind, total in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(total, str(len(suite.findall(f"testcase/{kind}"))))
    ElementTree.ElementTree(top).write(target, encoding="utf-8", xml_declaration=True)


def split(identity: str):
    """`module.Class.test` → its class and its test; `setUpClass (module.Class)` likewise."""
    if identity.endswith(")") and " (" in identity:
        name, _, owner = identity[:-1].partition(" (")
        return owner, name
    owner, _, name = identity.rpartition(".")
    return owner, name


def clean(text: str) -> str:
    return UNPRINTABLE.sub("\ufffd", text)


def main() -> int:
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir()
    sys.path.insert(0, str(ROOT / "src"))
    coverage = LineCoverage(ROOT / "src")
    coverage.start()
    try:
        suite = unittest.defaultTestLoader.discover(str(ROOT / "tests"))
        result = unittest.TextTestRunner(stream=sys.stdout, resultclass=JUnitResult, verbosity=2).run(suite)
    finally:
        coverage.stop()
    write_junit(result.cases, REPORTS / "junit.xml")
    lines = coverage.lines()
    write_cobertura(lines, ROOT, REPORTS / "cobertura.xml")
    every = [hits for file in lines.values() for hits in file.values()]
    covered = sum(1 for hits in every if hits)
    print(f"tests: {len(result.cases)}, lines covered: {covered} of {len(every)}")
    return 0 if result.wasSuccessful() and result.cases else 1


if __name__ == "__main__":
    sys.exit(main())
