"""The operator's door: whose tokens open it, into which company, and what its audit shows."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from backend.api.operator import usage as operator_usage
from backend.app import create_api
from backend.core.errors import Forbidden, NotFound, ValidationFailed
from backend.core.permissions import OPERATOR_PERMISSIONS, Permission
from backend.core.use_case import USE_CASES, is_allowed
from backend.lines.service import list_lines
from backend.members.actors import recheck
from backend.members.operators import (
    authenticate_operator,
    create_operator_token,
    operator_actor,
    revoke_operator_tokens,
)
from backend.members.tokens import create_token
from backend.settings import Settings
from backend.usage import service as usage
from tenants.scope import Actor
from tests.architecture.test_code import import_everything
from tests.support.database import TestDatabase
from tests.support.factories import make_customer
from tests.support.usage import abroad, bucket, buckets_of, file_of, record

BASE = "/api/operator/v1/tenants"


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def staff(name: str = "Nadia Operator") -> dict[str, str]:
    return {"authorization": f"Bearer {await create_operator_token(name)}"}


def body(lines: list[str]) -> bytes:
    return "".join(lines).encode()


async def test_usage_comes_in_through_the_door_and_the_audit_names_the_person(
    http: httpx.AsyncClient, database: TestDatabase
) -> None:
    customer, other = await make_customer(lines=1), await make_customer(lines=1)
    line, foreign = (await customer.lines())[0], (await other.lines())[0]
    headers = await staff()
    rows = [
        record("a", line.msisdn, employer_cents=5),
        record("b", foreign.msisdn),
        record("c", line.msisdn, unit="x"),
    ]
    answer = await http.post(
        f"{BASE}/{customer.slug}/usage/records", headers=headers, content=body(file_of(rows))
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "rows": 3,
        "taken": 1,
        "repeated": 0,
        "rejected": 2,
        "errors": [
            {"row": 3, "column": "msisdn", "reason": "No line has this number."},
            {"row": 4, "column": "unit", "reason": "Write seconds."},
        ],
    }
    again = await http.post(
        f"{BASE}/{customer.slug}/usage/records", headers=headers, content=body(file_of(rows))
    )
    assert (again.json()["taken"], again.json()["repeated"]) == (0, 1)
    buckets = body(buckets_of([bucket(line.msisdn, 10)]))
    assert (
        await http.post(f"{BASE}/{customer.slug}/usage/buckets", headers=headers, content=buckets)
    ).status_code == 200
    assert (await usage.line_usage(customer.manager, line.id)).cents == 5
    connection = await asyncpg.connect(database.superuser_url)
    audited = await connection.fetch(
        "SELECT tenant_id, actor_name, actor_id FROM audit_event WHERE action = 'usage.loaded'"
    )
    await connection.close()
    assert [tuple(row) for row in audited] == [(customer.tenant_id, "Nadia Operator", None)] * 2


async def test_each_door_takes_its_own_tokens_only(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1)
    assert customer.manager.member_id
    member = {"authorization": f"Bearer {await create_token(customer.system, customer.manager.member_id)}"}
    headers = await staff()
    content = body(file_of([]))
    address = f"{BASE}/{customer.slug}/usage/records"
    wrong: list[dict[str, str]] = [
        {},
        member,
        {"authorization": "Bearer flo_nonsense"},
        {"authorization": headers["authorization"].replace("Bearer ", "Basic ")},
        {"cookie": f"fleetline_session={headers['authorization'][7:]}"},
    ]
    for refused in wrong:
        answer = await http.post(address, headers=refused, content=content)
        assert answer.status_code == 401, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await http.get("/api/v1/lines", headers=headers)).status_code == 401
    assert (await http.post(address, headers=headers, content=content)).status_code == 200


async def test_an_unknown_company_is_not_found_and_a_revoked_token_stops_at_once(
    http: httpx.AsyncClient,
) -> None:
    customer = await make_customer()
    headers, content = await staff(), body(file_of([]))
    for slug in ("nobody", str(uuid4())):
        assert (
            await http.post(f"{BASE}/{slug}/usage/records", headers=headers, content=content)
        ).status_code == 404
    address = f"{BASE}/{customer.slug}/usage/records"
    assert (await http.post(address, headers=headers, content=content)).status_code == 200
    assert await revoke_operator_tokens("Nadia  Operator") == 1
    assert (await http.post(address, headers=headers, content=content)).status_code == 401
    with pytest.raises(NotFound):
        await revoke_operator_tokens("Nadia Operator")
    with pytest.raises(ValidationFailed):
        await create_operator_token("  ")


async def test_a_file_that_is_too_large_or_of_another_kind_is_refused_in_words(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = await make_customer(lines=1)
    headers = await staff()
    address = f"{BASE}/{customer.slug}/usage/records"
    for content in (b"", b"nonsense", body(buckets_of([])), "row,\u20ac".encode("cp1252"), b"\xff\xfe\x00"):
        answer = await http.post(address, headers=headers, content=content)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
        assert "header" in answer.json()["detail"] or "file of" in answer.json()["detail"]
    monkeypatch.setattr(operator_usage, "LARGEST_FILE", 1000)
    answer = await http.post(
        address, headers=headers, content=body(file_of([record("a" * 90, "0470123456")] * 20))
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "fleetline usage import" in answer.json()["detail"]


async def test_the_operators_staff_may_their_list_and_nothing_else() -> None:
    import_everything()
    customer = await make_customer(lines=1)
    actor = await operator_actor("Nadia Operator", customer.slug)
    assert not actor.system
    assert {permission for permission in Permission if is_allowed(actor, permission)} == OPERATOR_PERMISSIONS
    for entry in USE_CASES.values():
        if entry.permission not in OPERATOR_PERMISSIONS:
            with pytest.raises(Forbidden):
                await entry.function(actor)
    with pytest.raises(Forbidden):
        await list_lines(actor)  # type: ignore[call-arg]
    assert await recheck(actor) is None
    assert await authenticate_operator("flt_member") is None
    owned = Actor(customer.tenant_id, operator="x", roles=frozenset({"owner", "fleet_manager"}))
    assert not is_allowed(owned, Permission.LINES_READ), "a role on an operator's actor gives nothing"


async def test_usage_over_rest_for_members(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1)
    line = (await customer.lines())[0]
    assert customer.manager.member_id
    member = {"authorization": f"Bearer {await create_token(customer.system, customer.manager.member_id)}"}
    headers = await staff()
    rows = [abroad("a", line.msisdn, 120, employee_cents=77)]
    await http.post(f"{BASE}/{customer.slug}/usage/records", headers=headers, content=body(file_of(rows)))
    one = await http.get(f"/api/v1/lines/{line.id}/usage", headers=member)
    assert one.status_code == 200
    assert one.json()["cap"] == {"cap_cents": None, "spent_cents": 120, "state": "below", "raised": False}
    assert "77" not in one.text.replace(str(line.id), "").replace(line.msisdn, "").partition("until")[0]
    assert "counterpart" not in one.text
    everything = await http.get("/api/v1/usage?grouping=plan", headers=member)
    assert everything.json()["total"]["cents"] == 120
    assert (await http.get("/api/v1/usage/alerts", headers=member)).json() == []
    assert (await http.get(f"/api/v1/lines/{uuid4()}/usage", headers=member)).status_code == 404
    for period in ("2026", "2026-13", "x", "1900-01"):
        assert (await http.get(f"/api/v1/usage?period={period}", headers=member)).status_code == 422
    assert (await http.get("/api/v1/usage?grouping=person", headers=member)).status_code == 400
