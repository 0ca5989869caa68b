"""The doors of bank statements: the operator's REST interface and the command line."""

import dataclasses
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from backend import runtime
from backend.app import create_api
from backend.members.operators import create_operator_token
from backend.members.tokens import create_token
from backend.settings import Operator, SettingError, Settings, read_settings
from tests.support.bank import JOB, entries, make_invoice, open_of
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.statements import OTHER, OWN, camt, file_of, payment, statement

ROOT = Path(__file__).parents[2]
BASE = "/api/operator/v1/billing"
HAND_IN = f"{BASE}/statements?name=a.xml"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, operator=Operator(ibans=(OWN,)))


@pytest.fixture
async def customer(settings: Settings) -> Customer:
    runtime.use_settings(settings)
    return await make_customer()


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    headers = {"authorization": f"Bearer {await create_operator_token('Nadia Operator')}"}
    async with httpx.AsyncClient(
        transport=transport, base_url=settings.public_url, headers=headers
    ) as client:
        yield client


async def test_staff_hand_in_look_and_decide(
    http: httpx.AsyncClient, customer: Customer, database: TestDatabase
) -> None:
    invoice = await make_invoice(customer, 2500)
    content = camt(
        statement([payment(1000, invoice.structured), payment(300, text="?")]),
        statement([payment(100)], iban=OTHER, number="theirs"),
    )
    answer = await http.post(HAND_IN, content=content)
    assert answer.status_code == 202, answer.text
    taken, held = answer.json()["statements"]
    assert (taken["state"], taken["movements"], held["state"]) == ("imported", 2, "held")
    assert OTHER in held["reason"]
    assert [one["id"] for one in (await http.get(f"{BASE}/statements")).json()] == [held["id"]]
    imported = (await http.get(f"{BASE}/statements", params={"state": "imported"})).json()
    assert [(one["id"], one["received_by"]) for one in imported] == [(taken["id"], "Nadia Operator")]
    await drain(database, only=JOB)
    assert await open_of(database, invoice) == [1500]
    (waiting,) = (await http.get(f"{BASE}/movements")).json()
    assert (waiting["cents"], waiting["state"], waiting["text"]) == (300, "unmatched", "?")
    decision = f"{BASE}/movements/{waiting['id']}/decision"
    body = {"tenant": customer.slug, "customer_number": invoice.account, "invoice_number": invoice.number}
    refused = await http.post(decision, json={"choice": "assign", **body, "customer_number": "0"})
    assert refused.status_code == 422
    assert (await http.post(decision, json={"choice": "assign", **body})).status_code == 202
    assert (await http.post(decision, json={"choice": "ignore", "reason": "x"})).status_code == 409
    await drain(database, only=JOB)
    assert await open_of(database, invoice) == [1200]
    matched = await http.get(f"{BASE}/movements", params={"state": "matched", "statement": taken["id"]})
    assert [one["decided_by"] for one in matched.json()] == ["", "Nadia Operator"]
    dismissal = f"{BASE}/statements/{held['id']}/dismissal"
    assert (await http.post(dismissal, json={"reason": "Not ours"})).status_code == 204
    assert (await http.get(f"{BASE}/statements")).json() == []


async def test_what_is_no_statement_is_refused_at_the_door(
    http: httpx.AsyncClient, customer: Customer
) -> None:
    notification = file_of(payment(1)).replace(b"camt.053", b"camt.054")
    for content in (b"", b"nothing", notification):
        answer = await http.post(HAND_IN, content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_statement"), answer.text
    assert "notification" in answer.json()["detail"]
    large = await http.post(HAND_IN, content=b" " * (20 * 1024 * 1024 + 1))
    assert (large.status_code, "usage" in large.json()["detail"]) == (413, False)
    assert customer.manager.member_id
    token = await create_token(customer.system, customer.manager.member_id)
    stranger = await http.post(
        HAND_IN, content=file_of(payment(1)), headers={"authorization": f"Bearer {token}"}
    )
    assert stranger.status_code == 401


@pytest.fixture
def run(settings: Settings):  # noqa: ANN201
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")},
        "FLEETLINE_DATABASE_URL": settings.database_url,
        "FLEETLINE_SECRET_KEYS": ",".join(settings.secret_keys),
        "FLEETLINE_OPERATOR_IBANS": f"{OWN[:4]} {OWN[4:]}",
    }

    def call(*files: Path, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "backend.cli", "billing", "statements", "import", *map(str, files)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment | changes
        )

    return call


async def test_the_command_imports_and_matches_and_says_what_it_did(
    run,  # noqa: ANN001
    customer: Customer,
    database: TestDatabase,
    tmp_path: Path,
) -> None:
    invoice = await make_invoice(customer, 2500)
    good, bad, none = tmp_path / "good.xml", tmp_path / "bad.xml", tmp_path / "none.xml"
    good.write_bytes(file_of(payment(2500, invoice.structured), payment(5, text="?")))
    bad.write_bytes(camt(statement([payment(1)], wrong_cents=1, number="bad"), statement([], number="empty")))
    none.write_bytes(file_of(payment(1)).replace(b"camt.053", b"camt.052"))
    first = run(good)
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"{good}: statement 2026-001 of {OWN}: imported, matched: 1, unmatched: 1\n"
    assert await open_of(database, invoice) == [0]
    again = run(bad, none, good)
    assert again.returncode == 1
    assert again.stdout == (
        f"{bad}: statement empty of {OWN}: imported, no movements\n"
        f"{good}: statement 2026-001 of {OWN}: was there, matched: 1, unmatched: 1\n"
    )
    assert f"{bad}: statement bad of {OWN}: held: Its sums do not add up" in again.stderr
    assert f"{none}: The file is an intraday report (camt.052)" in again.stderr
    assert "2 files or statements were not taken" in again.stderr
    # The job finds it done
    await drain(database, only=JOB)
    assert await entries(database) == [(invoice.id, -2500)]
    wrong = run(good, FLEETLINE_OPERATOR_IBANS="BE00")
    assert (wrong.returncode, "FLEETLINE_OPERATOR_IBANS" in wrong.stderr) == (1, True)


def test_accounts_of_the_operator_are_checked_and_read_without_spaces() -> None:
    base = {"FLEETLINE_DATABASE_URL": "postgresql://a@b/c", "FLEETLINE_SECRET_KEYS": "k" * 32}
    assert read_settings(base).operator.ibans == ()
    read = read_settings({**base, "FLEETLINE_OPERATOR_IBANS": f"be68 5390 0754 7034, {OTHER},"})
    assert read.operator.ibans == (OWN, OTHER)
    with pytest.raises(SettingError, match="FLEETLINE_OPERATOR_IBANS"):
        read_settings({**base, "FLEETLINE_OPERATOR_IBANS": "BE68539007547035"})
