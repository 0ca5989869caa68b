"""Documents of others, each with its right answer: whole invoices, altered ones, and the files of single rules."""

import json
import os
import re
from copy import deepcopy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from backend.billing.ubl.checking import check_document, fired_rules
from backend.billing.ubl.document import BooksAs, InvoiceDocument
from backend.billing.ubl.en16931 import FAILED
from backend.billing.ubl.refusals import Because, DocumentRefused
from backend.billing.ubl.xml import parse

FOLDER = Path(os.environ.get("FLEETLINE_CASES", "/nowhere"))
EXPECTED = FOLDER / "expected.json"
CASES: list[dict[str, Any]] = json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.is_file() else []
pytestmark = pytest.mark.skipif(not CASES, reason="FLEETLINE_CASES names no folder with expected.json")
BECAUSE = {
    "schema": Because.SCHEMA,
    "rules": Because.RULES,
    "currency": Because.CURRENCY,
    "doctype": Because.DOCTYPE,
    "not well-formed": Because.NOT_WELL_FORMED,
}
# Of EN 16931 and of Peppol; others are rules of single countries, which are out of scope
OURS = ("BR-", "UBL-", "PEPPOL-")
# What each kind of rule-unit file may name: a rule with how many times it fires
NAMED = re.compile(r"(?P<rule>.+?)(?:x(?P<times>[0-9]+))?")
KINDS = {"document": 90, "mutation": 33, "rule-unit": 217}


def cases(*kinds: str) -> list[Any]:
    found = [case for case in CASES if case["kind"] in kinds]
    return [pytest.param(case, id=case["id"]) for case in found] or [pytest.param({}, id="none")]


def test_no_case_is_left_out() -> None:
    assert {kind: len(cases(kind)) for kind in KINDS} == KINDS


@pytest.mark.parametrize("case", cases("document", "mutation"))
def test_a_document_is_taken_or_refused(case: dict[str, Any]) -> None:
    for file in case["files"]:
        content, expect = (FOLDER / file).read_bytes(), case["expect"]
        if expect["answer"] == "import":
            compare(check_document(content), expect)
        else:
            with pytest.raises(DocumentRefused) as refused:
                check_document(content)
            compare_refusal(refused.value, expect)


def compare(document: InvoiceDocument, expect: dict[str, Any]) -> None:
    """Every fact of the answer; what the answer does not have, the document does not say."""
    if "facts" not in expect:
        return
    facts, totals = expect["facts"], document.totals
    assert document.books_as is BooksAs(expect["books_as"])
    assert totals.payable == cents(expect["amount"])
    assert {
        "number": document.number,
        "issue": document.issued_on,
        "due": document.due_on,
        "type": document.type_code,
        "currency": document.currency,
        "lines_total": totals.lines,
        "allowances": totals.allowances,
        "charges": totals.charges,
        "excl_vat": totals.excl_vat,
        "incl_vat": totals.incl_vat,
        "prepaid": totals.prepaid,
        "payable": totals.payable,
        "vat": [(one.category, one.percent, one.taxable_cents, one.tax_cents) for one in document.vat],
        "lines": len(document.lines),
        "attachments": len(document.attachments),
        "payment_reference": document.payment_reference,
        "payee": document.payee,
    } == {
        "number": facts["number"],
        "issue": date.fromisoformat(facts["issue"]),
        "due": date.fromisoformat(facts["due"]) if "due" in facts else None,
        "type": facts["type"],
        "currency": facts["currency"],
        **{
            name: cents(facts[name]) if name in facts else None
            for name in ("lines_total", "allowances", "charges", "excl_vat", "incl_vat", "prepaid", "payable")
        },
        "vat": [
            (category, Decimal(percent), cents(taxable), cents(tax))
            for category, percent, taxable, tax in facts["vat"]
        ],
        "lines": facts["lines"],
        "attachments": facts["attachments"],
        "payment_reference": facts["payment_reference"],
        "payee": facts.get("payee", ""),
    }


def compare_refusal(refused: DocumentRefused, expect: dict[str, Any]) -> None:
    assert refused.because is BECAUSE[expect["because"]]
    assert refused.sentence.endswith((".", "…"))
    if refused.because is Because.RULES:
        wanted = [rule for rule in expect["rules"] if rule.startswith(OURS)]
        assert refused.rules == sorted(wanted)
        assert wanted[0] in refused.sentence
    if "currency" in expect:
        assert expect["currency"] in refused.sentence


def cents(text: str) -> int:
    value = Decimal(text) * 100
    assert value == int(value)
    return int(value)


@pytest.mark.parametrize("case", cases("rule-unit"))
def test_a_single_rule(case: dict[str, Any]) -> None:
    (file,) = case["files"]
    tests = parse((FOLDER / file).read_bytes()).findall("{*}test")
    assert tests
    for answer in case["expect"]["cases"]:
        (fragment,) = (one for one in tests[answer["n"] - 1] if etree.QName(one).localname == answer["root"])
        fired = fired_rules(deepcopy(fragment))
        for rule, times in map(named, answer["must_fire"]):
            assert rule in fired, f"case {answer['n']}: {rule} does not fire"
            assert times is None or fired[rule].times == times
        for rule, _ in map(named, answer["must_not_fire"]):
            assert rule not in fired, f"case {answer['n']}: {rule} fires"
            assert rule.startswith("PEPPOL-") or FAILED not in fired, f"case {answer['n']} cannot be judged"


def named(text: str) -> tuple[str, int | None]:
    found = NAMED.fullmatch(text)
    assert found is not None
    return found["rule"], int(found["times"]) if found["times"] else None
