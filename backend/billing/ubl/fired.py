"""Rules that a document breaks."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """What a broken rule means: a document that breaks a fatal one is not taken."""

    FATAL = "fatal"
    WARNING = "warning"


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A broken rule, how many times, and what it asks."""

    rule: str
    severity: Severity
    times: int
    says: str


# By the id of the rule
Findings = dict[str, Fired]


def fatal(findings: Findings) -> list[str]:
    """The ids of the rules that refuse the document, in order."""
    return sorted(rule for rule, fired in findings.items() if fired.severity is Severity.FATAL)
