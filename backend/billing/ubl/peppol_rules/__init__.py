"""The rules of Peppol BIS Billing 3.0, as a table of our own; rules of single countries are left out.

They follow the rules that OpenPeppol published in May 2026 (`VERSION`), and are proven on its own test files
(tests/contract/test_billing_documents.py). An operator may name its own copy of the official stylesheet, which is then
run too.
"""

from functools import cache
from pathlib import Path

from backend.billing.ubl.fired import Findings
from backend.billing.ubl.peppol_rules import amounts, codes, document, identifiers, lines
from backend.billing.ubl.peppol_rules.table import RuleTable
from backend.billing.ubl.stylesheets import Stylesheet
from backend.billing.ubl.xml import Element

VERSION = "2026.5"
TABLE = RuleTable([*document.RULES, *amounts.RULES, *lines.RULES, *codes.RULES, *identifiers.RULES])
# Others of the official stylesheet are rules of single countries
FAMILY = "PEPPOL-"
FAILED = "PEPPOL-STYLESHEET"


def fired_peppol(root: Element) -> Findings:
    """The broken rules of our table."""
    return TABLE.fired(root)


@cache
def _official(stylesheet: Path) -> Stylesheet:
    return Stylesheet(stylesheet, FAILED)


def fired_official(text: str, stylesheet: Path) -> Findings:
    """The broken rules of an operator's copy of the official stylesheet, without those of single countries."""
    found = _official(stylesheet).fired(text)
    return {rule: fired for rule, fired in found.items() if rule.startswith(FAMILY)}
