"""What a run of tests says: whether a test failed, or nothing could be tried."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# A test that fails by one of these found a broken program, not a missing guard
BROKEN = re.compile(
    r"^(?:E\s+)?(?:\w+\.)*(?:NameError|UnboundLocalError|ImportError|ModuleNotFoundError|SyntaxError)\b"
)


class Verdict(StrEnum):
    """What came of taking one guard away."""

    NOTICED = "noticed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class TestRun:
    """The verdict of one run, and the test that decided it or the reason."""

    __test__ = False

    verdict: Verdict
    why: str


def read_report(report: Path) -> TestRun:
    """Read the JUnit report of a run. Errors of collection, import or set-up are no failing test."""
    if not report.exists():
        return TestRun(Verdict.BROKEN, "pytest wrote no report")
    cases = list(ET.parse(report).getroot().iter("testcase"))  # noqa: S314 - pytest wrote it just now
    broken = ""
    for case in cases:
        for failure in case.iter("failure"):
            if not BROKEN.match(failure.get("message", "")):
                return TestRun(Verdict.NOTICED, case.get("name", ""))
            broken = broken or failure.get("message", "")
        for error in case.iter("error"):
            broken = broken or error.get("message", "")
    if broken:
        return TestRun(Verdict.BROKEN, broken.splitlines()[0][:120])
    if not cases:
        return TestRun(Verdict.BROKEN, "no test ran")
    return TestRun(Verdict.SURVIVED, f"{len(cases)} tests passed")


def failing_tests(report: Path) -> list[str]:
    """The tests that failed or could not be run."""
    if not report.exists():
        return ["pytest wrote no report"]
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - pytest wrote it just now
    return [
        case.get("name", "")
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
