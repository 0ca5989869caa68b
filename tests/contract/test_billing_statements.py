"""Statements of others, each with its right answer: CODA and CAMT.053 are read or held, what looks alike is refused."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.billing.statements.reading import read_statements
from backend.billing.statements.statement import ReadStatement, StatementFormat, StatementRefused

FOLDER = Path(os.environ.get("FLEETLINE_CASES", "/nowhere"))
EXPECTED = FOLDER / "expected.json"
CASES: list[dict[str, Any]] = [
    case
    for case in (json.loads(EXPECTED.read_text("utf-8")) if EXPECTED.is_file() else [])
    if case["kind"] == "statement"
]
pytestmark = pytest.mark.skipif(not CASES, reason="FLEETLINE_CASES names no folder with expected.json")
PARAMETERS = [pytest.param(case, id=case["id"]) for case in CASES] or [pytest.param({}, id="none")]
OPTIMIZED = """
import sys
from pathlib import Path
from backend.billing.statements.reading import read_statements
from backend.billing.statements.statement import StatementRefused
assert False, "this is not python -O"
for file in sys.argv[1:]:
    try:
        print(*(one.problems for one in read_statements(Path(file).read_bytes())))
    except StatementRefused as refused:
        print(refused.sentence)
"""


def test_no_case_is_left_out() -> None:
    answers = [case["expect"]["answer"] for case in CASES]
    assert {one: answers.count(one) for one in answers} == {"import": 15, "hold": 13, "refuse": 17}


@pytest.mark.parametrize("case", PARAMETERS)
def test_a_file_is_read_held_or_refused(case: dict[str, Any]) -> None:
    (file,) = case["files"]
    content, expect = (FOLDER / file).read_bytes(), case["expect"]
    facts = expect["facts"]
    if expect["answer"] == "refuse":
        with pytest.raises(StatementRefused) as refused:
            read_statements(content)
        assert facts["namespace"].split(":")[-1][:8] in refused.value.sentence
        assert "nothing is booked" in refused.value.sentence
        return
    found = read_statements(content)
    for one in found:
        assert bool(one.problems) is (expect["answer"] == "hold"), one.problems
        assert all(problem.endswith(".") for problem in one.problems)
    is_coda = "namespace" not in facts
    assert {one.format for one in found} == {StatementFormat.CODA if is_coda else StatementFormat.CAMT_053}
    assert facts.get("problems", []) == []
    shown = [_coda(one) if is_coda else _camt(one) for one in found]
    assert [_decimals(one) for one in shown] == [_decimals(one) for one in facts["statements"]]


def _camt(one: ReadStatement) -> dict[str, Any]:
    seen: dict[str, list[Any]] = {}
    for balance in one.balances:
        seen.setdefault(balance.code, []).append(balance.amount)
    booked = [entry for entry in one.entries if entry.booked]
    return {
        "id": one.number,
        "account": one.account,
        "opening": one.opening,
        "closing": one.closing,
        "balances_seen": seen,
        "entries": len(one.entries),
        "booked": len(booked),
        "pending_or_info": len(one.entries) - len(booked),
        "transactions": sum(len(entry.details) for entry in one.entries),
        "reversals": sum(entry.payment.reversal for entry in one.entries),
        "sum_booked": one.total,
        "adds_up": not any("add up" in text or "balance" in text for text in one.problems),
        "currencies": sorted({entry.payment.currency for entry in one.entries}),
        "structured": [
            [entry.payment.amount, detail.reference]
            for entry in one.entries
            for detail in entry.details
            if detail.reference
        ],
    }


def _coda(one: ReadStatement) -> dict[str, Any]:
    payments = [entry.payment for entry in one.entries]
    credit = [each.amount for each in payments if each.amount and each.amount > 0]
    debit = [each.amount for each in payments if each.amount and each.amount < 0]
    trailer = one.trailer
    assert trailer is not None
    return {
        "account": one.account,
        "currency": one.currency,
        "sequence": one.sequence,
        "old": one.opening,
        "new": "None" if one.closing is None else one.closing,
        "duplicate": one.duplicate,
        "movements": len(one.entries),
        "details": sum(len(entry.details) for entry in one.entries),
        "sum": one.total,
        "balances": one.closing is not None
        and one.opening is not None
        and one.opening + one.total == one.closing,
        "trailer_records_ok": trailer.records == trailer.counted,
        "trailer_records": [trailer.records, trailer.counted],
        "trailer_credit_ok": trailer.credit == sum(credit),
        "trailer_debit_ok": trailer.debit == -sum(debit),
        "structured": [
            [each.reference_kind, each.reference or None, each.amount]
            for each in payments
            if each.reference_kind
        ],
        "credits": credit,
    }


def _decimals(value: Any, key: str = "") -> Any:
    """The same value with every amount as a number, so that 8.850 is 8.85; identifiers stay as they are."""
    if isinstance(value, dict):
        return {name: _decimals(each, name) for name, each in value.items()}
    if isinstance(value, list):
        if key == "structured":
            return [[_amount_or_text(each) for each in row] for row in value]
        return [_decimals(each, key) for each in value]
    amounts = {"opening", "closing", "sum_booked", "old", "new", "sum", "credits", "OPBD", "CLBD"}
    is_amount = key in amounts or (len(key) == 4 and key.isupper())
    return Decimal(value) if is_amount and isinstance(value, str) and value != "None" else value


def _amount_or_text(value: Any) -> Any:
    """In a pair of reference and amount: references are long or have letters, kinds and amounts are numbers."""
    if isinstance(value, str) and len(value) < 12 and value.replace(".", "").lstrip("-").isdecimal():
        return Decimal(value)
    return value


def test_checks_do_not_depend_on_assertions() -> None:
    files = [str(FOLDER / case["files"][0]) for case in CASES]
    run = [sys.executable, "-O", "-c", OPTIMIZED, *files]
    said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=120).stdout.splitlines()
    wanted = []
    for file in files:
        try:
            wanted.append(" ".join(str(one.problems) for one in read_statements(Path(file).read_bytes())))
        except StatementRefused as refused:
            wanted.append(refused.sentence)
    assert said == wanted
