"""Every order kind with killed processes and unruly callbacks: each item carried out once, each line as it should be."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from backend.catalog.profiles import profile
from backend.core import clock
from backend.lines.service import get_line
from backend.members.tokens import create_token
from backend.orders.kinds import KINDS
from backend.orders.schemas import OrderDetail
from backend.orders.service import get_order
from tests.faults.orders import retry_while_unavailable, rows_of, wait_until
from tests.support.deployment import Deployment
from tests.support.factories import Customer, make_account, make_cost_centre, make_customer, make_lines
from tests.support.new_lines import add_line_request, plan_of, port_in_request, unused_sim_number
from tests.support.order_steps import load_lines_at_carrier

ESIM = {"email": "an@user.example", "language": "nl", "reason": "new_device"}
# Kind -> kind_fields for one line, and the columns that the line then has.
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "change_options": ({"add": ["sms-unlimited"]}, {"options": ["sms-unlimited"]}),
    "change_plan": ({}, {}),
    "change_barrings": ({"add": ["roaming-data"]}, {"barrings": ["roaming-data"]}),
    "change_spend_cap": ({"cap_cents": 10000}, {"roaming_cap_cents": 10000}),
    "change_user": ({"given_name": "Lou", "family_name": "Maes", "language": "nl"}, {"name": "Maes, Lou"}),
    "change_cost_centre": ({"cost_centre": "OPS"}, {"cost_centre": "OPS"}),
    "move_account": ({"account": "60-77"}, {"billing_account": "60-77"}),
    "suspend": ({"reason": "stolen"}, {"status": "suspended"}),
    "reactivate": ({}, {"status": "active"}),
    "replace_sim": ({"reason": "lost"}, {"sim_kind": "physical"}),
    "request_esim": (ESIM, {"sim_kind": "esim"}),
    "depart": ({"knows_successor": False}, {"status": "released_prepaid"}),
    "convert_to_prepaid": ({}, {"status": "released_prepaid"}),
    "terminate": ({}, {"status": "terminated"}),
}
# An eSIM of this carrier waits for its user, split billing for the operator, and a resent mail for nobody.
ELSEWHERE = {"lynx": {"request_esim"}, "mandarine": set[str]()}
NOT_CARRIED_OUT_BY_A_CARRIER = {"split_billing", "resend_esim"}


def test_no_kind_is_missing_here() -> None:
    assert {*CHANGES, "add_line", "port_in"} | NOT_CARRIED_OUT_BY_A_CARRIER == set(KINDS)


async def bodies(customer: Customer, deployment: Deployment) -> dict[str, dict[str, Any]]:
    """One request of every kind that the carrier does in the portal, each on a line of its own."""
    known = profile(customer.carrier)
    kinds = [
        kind
        for kind in CHANGES
        if kind not in ELSEWHERE[customer.carrier]
        and ((offered := KINDS[kind].offered) is None or offered(known))
    ]
    await make_lines(customer, len(kinds) - 1, plan=plan_of(customer, main=True))
    await make_lines(customer, 1, plan=plan_of(customer, main=True), status="suspended")
    lines = await load_lines_at_carrier(customer, deployment.sandbox)
    active = iter([line for line in lines if line.status == "active"])
    suspended = next(line for line in lines if line.status == "suspended")
    request: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        line = next(active) if "active" in KINDS[kind].statuses else suspended
        kind_fields = dict(CHANGES[kind][0])
        if kind == "change_plan":
            kind_fields["plan"] = next(
                plan.code
                for plan in known.plans
                if plan.product_type == "voice_data" and plan.code != line.plan.code
            )
        if kind == "replace_sim":
            kind_fields["sim_number"] = unused_sim_number(customer)
        if kind == "depart":
            kind_fields["on"] = clock.today().isoformat()
        request[kind] = {
            "kind": kind,
            "line_ids": [str(line.id)],
            "confirmed": True,
            "request_key": kind,
            **kind_fields,
        }
    for kind, made in (("add_line", add_line_request(customer)), ("port_in", port_in_request(customer))):
        request[kind] = {**msgspec.to_builtins(made), "request_key": kind}
    return request


async def place(deployment: Deployment, token: str, body: dict[str, Any]) -> str:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        for _ in range(100):
            try:
                answer = await client.post(
                    f"{deployment.url}/api/v1/change-orders",
                    json=body,
                    headers={"authorization": f"Bearer {token}"},
                )
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.1)
    assert answer.status_code == 202, (body["kind"], answer.text)
    return str(answer.json()["reference"])


@pytest.mark.parametrize("carrier", ["mandarine", "lynx"])
async def test_every_kind_survives_kills_and_unruly_callbacks(deployment: Deployment, carrier: str) -> None:
    deployment.sandbox.behave_normally(carrier)
    customer = await retry_while_unavailable(lambda: make_customer(carrier=carrier, grace_seconds=0))
    await make_account(customer, "60-77")
    await make_cost_centre(customer, "OPS")
    request = await bodies(customer, deployment)
    assert customer.manager.member_id
    token = await create_token(customer.manager, customer.manager.member_id)
    deployment.sandbox.behave(
        carrier, delay_ms=1500, jitter_ms=500, duplicate_callbacks=True, reorder_callbacks=True
    )
    references = {kind: await place(deployment, token, body) for kind, body in request.items()}

    async def detail(kind: str) -> OrderDetail:
        return await retry_while_unavailable(lambda: get_order(customer.manager, references[kind]))

    async def one_is_done() -> bool:
        return any([(await detail(kind)).counts.get("done") for kind in references])

    await wait_until(one_is_done, "one of them is done")
    for victim in ("worker", "web"):
        deployment.kill(victim)
        await deployment.start(victim)

    async def all_ended() -> bool:
        return all([(await detail(kind)).ended_at for kind in references])

    await wait_until(all_ended, "all of them ended", 90)
    counts = deployment.sandbox.counts(carrier)["by_external_id"]
    for kind in references:
        ended = await detail(kind)
        (item,) = ended.items
        assert ended.state == "completed", (kind, item.reason, item.detail)
        if KINDS[kind].to_carrier is not None:
            assert counts.get(str(item.id)) == 1, f"{kind} was not carried out exactly once"
        line = await get_line(customer.manager, item.line_id)
        expected = {**CHANGES.get(kind, ({}, {"status": "active"}))[1]}
        assert {name: getattr(line, name) for name in expected} == expected, kind
        if kind in {"add_line", "port_in"}:
            assert line.msisdn.startswith("+324")

    async def nothing_left() -> bool:
        rows = await rows_of(
            deployment,
            "SELECT count(*) AS left_over FROM outbox WHERE tenant_id = $1 AND failed_at IS NULL",
            customer.tenant_id,
        )
        return bool(rows[0]["left_over"] == 0)

    await wait_until(nothing_left, "nothing is left to do")
    gave_up = await rows_of(
        deployment,
        "SELECT job, last_error FROM outbox WHERE tenant_id = $1 AND failed_at IS NOT NULL",
        customer.tenant_id,
    )
    assert not gave_up, [dict(row) for row in gave_up]
