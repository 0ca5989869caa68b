"""The REST interface with real tokens: what each route answers, refuses and hides."""

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from backend import runtime
from backend.api.callbacks import LARGEST
from backend.app import create_api
from backend.core import clock
from backend.core.messaging.jobs import job_scope
from backend.core.permissions import Permission, has_permission
from backend.integrations.network import HEADER, sign
from backend.members.tokens import create_token, list_tokens, revoke_token
from backend.orders.lifecycle import OrderState
from backend.orders.service import get_order
from backend.settings import Settings
from tenants.scope import Actor, Reach
from tenants.transaction import engine
from tests.contract.test_openapi import OPERATIONS
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_account, make_customer, make_lines, make_member
from tests.support.jobs import drain, make_jobs_due
from tests.support.order_steps import load_lines_at_carrier
from tests.support.sandbox import SECRET, Sandbox

SMS, DATA = "sms-unlimited", "data-5gb"
PROBLEM = "application/problem+json"
LISTENER = "/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
NOWHERE = "MND-2611201405-KXTR"


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    # No lifespan: the test's own pool and settings serve.
    transport = httpx.ASGITransport(app=create_api(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def token_of(actor: Actor) -> str:
    assert actor.member_id
    return await create_token(Actor(actor.tenant_id), actor.member_id)


async def bearer(actor: Actor) -> dict[str, str]:
    return {"authorization": f"Bearer {await token_of(actor)}"}


def order_of(lines: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "kind": "change_options",
        "line_ids": [str(line.id) for line in lines],
        "add": [SMS],
        "request_key": "k",
        **more,
    }


def problem(response: httpx.Response, status: int, code: str = "") -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    if code:
        assert body["code"] == code
    return body


# The same in every process that collects these tests.
UNKNOWN_LINE = UUID(int=1)
ROUTES = [
    ("GET", "/api/v1/lines"),
    ("GET", f"/api/v1/lines/{UNKNOWN_LINE}"),
    ("GET", "/api/v1/catalog/options"),
    ("POST", "/api/v1/change-orders/preview"),
    ("POST", "/api/v1/change-orders"),
    ("GET", f"/api/v1/change-orders/{NOWHERE}"),
    ("POST", f"/api/v1/change-orders/{NOWHERE}/undo"),
    ("GET", f"/api/v1/lines/{UNKNOWN_LINE}/usage"),
    ("GET", "/api/v1/usage"),
    ("GET", "/api/v1/usage/months"),
    ("GET", "/api/v1/usage/lines"),
    ("GET", "/api/v1/usage/alerts"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_wants_a_token_and_looks_at_nothing_else(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    customer = await make_customer()
    token = await token_of(customer.manager)
    body = {"line_ids": [], "request_key": "k"} if method == "POST" else None
    wrong: list[dict[str, str]] = [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer flt_nonsense"},
        {"authorization": f"Basic {token}"},
        {"authorization": token},
        {"cookie": f"fleetline_session={token}; __Host-fleetline_session={token}"},
    ]
    for headers in wrong:
        answer = await http.request(method, path, headers=headers, json=body)
        problem(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    accepted = await http.request(method, path, headers={"authorization": f"Bearer {token}"}, json=body)
    assert accepted.status_code not in {401, 403}


async def test_a_revoked_token_is_refused_at_once_although_it_was_in_use(http: httpx.AsyncClient) -> None:
    customer = await make_customer()
    headers = await bearer(customer.manager)
    assert (await http.get("/api/v1/lines", headers=headers)).status_code == 200
    token = (await list_tokens(customer.manager))[0]
    await revoke_token(customer.manager, token.id)
    problem(await http.get("/api/v1/lines", headers=headers), 401)


@pytest.mark.parametrize(
    "role", ["owner", "fleet_manager", "invoice_reader", "approver", "auditor", "end_user"]
)
async def test_each_role_may_what_the_table_of_permissions_says(http: httpx.AsyncClient, role: str) -> None:
    customer = await make_customer(lines=1)
    lines = await customer.lines()
    placed = await http.post(
        "/api/v1/change-orders",
        headers=await bearer(customer.manager),
        json=order_of(lines),
    )
    reference = placed.json()["reference"]
    member = await make_member(customer.tenant_id, roles=frozenset({role}))
    headers = await bearer(member)
    tried = {
        Permission.LINES_READ: await http.get("/api/v1/lines", headers=headers),
        Permission.ORDERS_PLACE: await http.post(
            "/api/v1/change-orders/preview", headers=headers, json=order_of(lines)
        ),
        Permission.ORDERS_READ: await http.get(f"/api/v1/change-orders/{reference}", headers=headers),
        Permission.ORDERS_UNDO: await http.post(f"/api/v1/change-orders/{reference}/undo", headers=headers),
    }
    for permission, answer in tried.items():
        if has_permission(frozenset({role}), permission):
            assert answer.status_code in {200, 404}, (permission, answer.text)
        else:
            problem(answer, 403, "forbidden")


async def test_a_thousand_lines_by_cursor_each_once_in_order(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1000)
    headers, seen, after = await bearer(customer.manager), [], ""
    for _ in range(20):
        answer = await http.get("/api/v1/lines", headers=headers, params={"limit": 150, "after": after})
        page = answer.json()
        assert page["total"] == 1000
        seen += page["items"]
        after = page["next"]
        if after is None:
            break
    assert len({item["id"] for item in seen}) == len(seen) == 1000
    names = [item["name"] for item in seen]
    assert names == sorted(names)
    assert set(seen[0]) >= {
        *(
            "id",
            "msisdn",
            "name",
            "status",
            "product_type",
            "plan",
            "options",
            "billing_account",
            "sim_number",
        )
    }
    assert set(seen[0]["plan"]) == {"code", "name"}


async def test_lines_are_filtered_and_a_line_is_read(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=3)
    await make_lines(customer, 2, status="suspended", names=["Zwart|Jan", "Zwart|Piet"])
    headers = await bearer(customer.manager)

    async def total(**query: Any) -> int:
        answer = await http.get("/api/v1/lines", headers=headers, params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total() == 5
    assert await total(status="suspended") == 2
    assert await total(status=["suspended", "active"]) == 5
    assert await total(search="zwart") == 2
    assert await total(search="zwart", status="active") == 0
    assert await total(search="nul\x00nul") == await total(status="nul\x00") == 0
    line = (await customer.lines())[0]
    one = await http.get(f"/api/v1/lines/{line.id}", headers=headers)
    assert one.json()["msisdn"] == line.msisdn
    assert "puk" not in {key for key in one.json() if key != "has_puk"}


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "501"},
        {"limit": "many"},
        {"after": "nonsense"},
        {"after": "x" * 2000},
        {"search": "x" * 200},
        {"search": "12"},
    ],
)
async def test_what_cannot_be_asked_is_refused_in_words(
    http: httpx.AsyncClient, query: dict[str, str]
) -> None:
    customer = await make_customer(lines=1)
    answer = await http.get("/api/v1/lines", headers=await bearer(customer.manager), params=query)
    assert answer.status_code in {400, 422}, answer.text
    assert problem(answer, answer.status_code)["detail"]


async def test_options_of_the_catalogue(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1)
    headers = await bearer(customer.manager)
    everything = (await http.get("/api/v1/catalog/options", headers=headers)).json()["items"]
    plan = (await customer.lines())[0].plan.code
    of_plan = (await http.get("/api/v1/catalog/options", headers=headers, params={"plan": plan})).json()[
        "items"
    ]
    assert SMS in {option["code"] for option in of_plan} < {option["code"] for option in everything}
    problem(await http.get("/api/v1/catalog/options", headers=headers, params={"plan": "nope"}), 404)


async def test_preview_place_follow_undo(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=3)
    lines, headers = await customer.lines(), await bearer(customer.manager)
    preview = await http.post("/api/v1/change-orders/preview", headers=headers, json=order_of(lines))
    assert preview.status_code == 200, preview.text
    placed = await http.post("/api/v1/change-orders", headers=headers, json=order_of(lines))
    assert placed.status_code == 202, placed.text
    order = placed.json()
    assert set(order) >= {"reference", "state", "promise", "items", "price"}
    assert set(order["promise"]) == {"code", "due_at"}
    assert {"one_off", "monthly_difference", "pro_rata", "vat", "total", "currency"} <= set(order["price"])
    assert order["price"] == preview.json()["price"]
    assert [item["line_id"] for item in order["items"]] == [str(line.id) for line in lines]
    assert {"line_id", "state", "reason"} <= set(order["items"][0])
    again = await http.post("/api/v1/change-orders", headers=headers, json=order_of(lines))
    assert (again.status_code, again.json()) == (202, order)
    problem(
        await http.post("/api/v1/change-orders", headers=headers, json=order_of(lines, add=[DATA])),
        409,
        "request_key_reused",
    )
    found = await http.get(f"/api/v1/change-orders/{order['reference']}", headers=headers)
    assert found.json() == order
    for _ in range(2):
        undone = await http.post(f"/api/v1/change-orders/{order['reference']}/undo", headers=headers)
        assert (undone.status_code, undone.json()["state"]) == (200, OrderState.CANCELLED)


async def test_what_is_asked_twice_is_priced_ordered_and_stored_once(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=2)
    lines, headers = await customer.lines(), await bearer(customer.manager)
    once, twice = order_of(lines), order_of(lines + lines, add=[SMS] * 1000)
    first = await http.post("/api/v1/change-orders/preview", headers=headers, json=once)
    again = await http.post("/api/v1/change-orders/preview", headers=headers, json=twice)
    apart = {"promise": None}
    assert again.json() | apart == first.json() | apart
    placed = (await http.post("/api/v1/change-orders", headers=headers, json=twice)).json()
    assert placed["price"] == first.json()["price"]
    assert [item["change"] for item in placed["items"]] == [{"add": [SMS], "remove": []}] * 2
    same = await http.post("/api/v1/change-orders", headers=headers, json=once)
    assert (same.status_code, same.json()["reference"]) == (202, placed["reference"])


async def test_two_requests_at_once_with_one_key_make_one_order(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=2)
    lines, headers = await customer.lines(), await bearer(customer.manager)
    answers = await asyncio.gather(
        *(http.post("/api/v1/change-orders", headers=headers, json=order_of(lines)) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["reference"] for answer in answers}) == 1


async def test_orders_that_nobody_can_follow_are_refused(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1)
    await make_lines(customer, 1, status="suspended")
    everything, headers = await customer.lines(), await bearer(customer.manager)
    lines = [line for line in everything if line.status == "active"]
    cases: list[tuple[dict[str, Any], int, str]] = [
        (order_of(everything), 422, "mixed_selection"),
        (order_of(lines, add=["nope"]), 422, "invalid"),
        (order_of(lines, add=[]), 422, "invalid"),
        (order_of(lines, remove=[SMS]), 422, "invalid"),
        (order_of(lines, add=["data-5gb", "data-20gb"]), 422, "option_conflict"),
        (order_of([], filter={"search": "nobody here"}), 422, ""),
        *(
            (order_of([], filter={"search": short}), 422, "search_too_short")
            for short in ("12", "N/A", "李", "zz", " ")
        ),
        (order_of(lines, filter={"search": "both"}), 422, "invalid"),
        (order_of(lines, add=["sms-unlimited"] * 1001), 400, ""),
        (order_of(lines, request_key=""), 422, "invalid"),
        (order_of(lines, request_key="x" * 201), 422, "invalid"),
        (order_of(lines, request_key="nul\x00"), 422, ""),
        (order_of(lines, surprise=True), 400, ""),
        (order_of(lines, kind="suspend"), 400, ""),
        (order_of(lines, line_ids=["not an id"]), 400, ""),
        (order_of(lines, add=[], remove=[SMS]), 422, "nothing_to_change"),
    ]
    for body, status, code in cases:
        problem(await http.post("/api/v1/change-orders", headers=headers, json=body), status, code)
    of_json = {**headers, "content-type": "application/json"}
    for content in (b"", b"{", b"[]", b"\xff\xfe", b"null"):
        problem(await http.post("/api/v1/change-orders", headers=of_json, content=content), 400)


async def test_what_another_company_has_does_not_exist(http: httpx.AsyncClient) -> None:
    ours, theirs = await make_customer(lines=1), await make_customer(lines=1)
    foreign = (await theirs.lines())[0]
    placed = await http.post(
        "/api/v1/change-orders", headers=await bearer(theirs.manager), json=order_of([foreign])
    )
    headers, reference = await bearer(ours.manager), placed.json()["reference"]
    missing = [(await http.get(f"/api/v1/lines/{line}", headers=headers)) for line in (foreign.id, uuid4())]
    missing += [
        await http.get(f"/api/v1/change-orders/{one}", headers=headers) for one in (reference, NOWHERE)
    ]
    missing += [
        await http.post(f"/api/v1/change-orders/{one}/undo", headers=headers) for one in (reference, NOWHERE)
    ]
    own = [str(line.id) for line in await ours.lines()]
    for path in ("/api/v1/change-orders", "/api/v1/change-orders/preview"):
        for line in (foreign.id, uuid4()):
            body = order_of([], line_ids=[*own, str(line)])
            missing.append(await http.post(path, headers=headers, json=body))
    assert len({json.dumps(problem(answer, 404, "not_found")) for answer in missing}) == 1


async def test_a_member_with_a_limited_reach_sees_and_orders_within_it(http: httpx.AsyncClient) -> None:
    customer = await make_customer()
    account = await make_account(customer, "6777777-03")
    await make_lines(customer, 2, account="6777777-03")
    await make_lines(customer, 3, account=next(iter(customer.accounts)))
    member = await make_member(customer.tenant_id, reach=Reach(billing_accounts=frozenset({account})))
    headers = await bearer(member)
    page = (await http.get("/api/v1/lines", headers=headers)).json()
    assert page["total"] == 2
    outside = [line for line in await customer.lines() if line.billing_account != "6777777-03"]
    problem(await http.get(f"/api/v1/lines/{outside[0].id}", headers=headers), 404)
    problem(await http.post("/api/v1/change-orders", headers=headers, json=order_of(outside)), 404)
    by_filter = await http.post(
        "/api/v1/change-orders/preview", headers=headers, json=order_of([], filter={})
    )
    assert by_filter.json()["total_lines"] == 2


async def test_undo_too_late(http: httpx.AsyncClient, database: TestDatabase) -> None:
    customer = await make_customer(lines=1)
    headers = await bearer(customer.manager)
    placed = await http.post("/api/v1/change-orders", headers=headers, json=order_of(await customer.lines()))
    await make_jobs_due(database)
    late = await http.post(f"/api/v1/change-orders/{placed.json()['reference']}/undo", headers=headers)
    problem(late, 409, "undo_too_late")


async def test_everything_else_is_a_problem_too(http: httpx.AsyncClient) -> None:
    headers = await bearer((await make_customer()).manager)
    for path in ("/api", "/api/v1", "/api/v2/lines", "/api/v1/nope", "/api/v1/lines/not-an-id"):
        problem(await http.get(path, headers=headers), 404)
    refused = await http.delete("/api/v1/lines", headers=headers)
    problem(refused, 405)
    assert "GET" in refused.headers["allow"]
    problem(await http.get("/api/v1/change-orders/lower-case", headers=headers), 400)
    of_json = {**headers, "content-type": "application/json"}
    big = await http.post("/api/v1/change-orders", headers=of_json, content=b" " * (2 * 1024 * 1024 + 1))
    problem(big, 413)


async def test_the_document_its_page_and_health(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/v1/openapi.json")).json()
    assert set(document["paths"]) == {path for path, _ in OPERATIONS}
    page = await http.get("/api/v1/docs")
    assert "/api/v1/change-orders" in page.text
    assert "<script" not in page.text
    for address in (
        "",
        "/redoc",
        "/swagger",
        "/elements",
        "/rapidoc",
        "/scalar",
    ):  # scripts of others, on our origin
        assert "<script" not in (await http.get(f"/api/openapi{address}")).text
    assert (await http.get("/healthz")).text == "ok"
    assert (await http.get("/readyz")).status_code == 200
    metrics = await http.get("/metrics")
    assert "fleetline_requests_total" in metrics.text
    assert (await http.get("/metrics", headers={"x-forwarded-for": "192.0.2.1"})).status_code == 403


async def test_the_document_and_its_page_are_made_once(http: httpx.AsyncClient) -> None:
    """Anybody may ask, and making one takes 50 ms of the process."""
    for path in ("/api/v1/openapi.json", "/api/v1/docs"):
        first = await http.get(path)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "no-cache"
        began = time.process_time()
        for _ in range(50):
            again = await http.get(path)
        assert time.process_time() - began < 1
        assert (again.content, again.headers["etag"]) == (first.content, tag)
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            same = await http.get(path, headers={"if-none-match": known})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        other = await http.get(path, headers={"if-none-match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


@pytest.mark.parametrize("change", ["_none", "?sslmode=require", "nobody"])
async def test_a_database_that_refuses_is_not_ready_and_answers_503(
    http: httpx.AsyncClient, database: TestDatabase, change: str
) -> None:
    token, own = await bearer((await make_customer(lines=1)).manager), engine().pool
    app = database.logins.app
    url = app.replace("fleetline_app", change) if change == "nobody" else app + change
    async with asyncpg.create_pool(url, min_size=0) as refused:
        engine().pool = refused
        try:
            ready = await http.get("/readyz")
            lines = await http.get("/api/v1/lines", headers=token)
        finally:
            engine().pool = own
    problem(ready, 503, "not_ready")
    problem(lines, 503, "unavailable")
    assert (await http.get("/readyz")).status_code == 200


class Told:
    """A carrier's callback about an item of a customer."""

    def __init__(self, http: httpx.AsyncClient, item_id: Any, *, event_id: str = "event-1") -> None:
        self.http = http
        self.body: dict[str, Any] = {
            "eventId": event_id,
            "eventTime": clock.now().isoformat(),
            "eventType": "ServiceOrderStateChangeEvent",
            "event": {
                "serviceOrder": {
                    "id": "carrier-1",
                    "externalId": str(item_id),
                    "state": "completed",
                    "serviceOrderItem": [],
                }
            },
        }

    async def send(
        self, *, secret: str = SECRET, age: float = 0, body: bytes | None = None
    ) -> httpx.Response:
        content = json.dumps(self.body).encode() if body is None else body
        signature = sign(secret, content, clock.now() - timedelta(seconds=age))
        return await self.http.post(LISTENER, content=content, headers={HEADER: signature})


async def sent_item(
    customer: Customer, database: TestDatabase, http: httpx.AsyncClient, sandbox: Sandbox
) -> Any:
    """An order whose one item the carrier has taken and says nothing about."""
    lines = await load_lines_at_carrier(customer, sandbox)
    sandbox.behave(customer.carrier, outcome="held", lose_callbacks=True)
    headers = await bearer(customer.manager)
    placed = await http.post("/api/v1/change-orders", headers=headers, json=order_of(lines))
    assert placed.status_code == 202, placed.text
    await make_jobs_due(database)
    await drain(database)
    return (await get_order(customer.manager, placed.json()["reference"])).items[0]


async def test_a_callback_is_believed_once_and_only_from_its_own_carrier(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox, settings: Settings
) -> None:
    customer = await make_customer(lines=1)
    item = await sent_item(customer, database, http, sandbox)
    reported = Told(http, item.id)
    problem(await reported.send(secret="wrong"), 401, "bad_signature")
    problem(await reported.send(age=301), 401, "bad_signature")
    # On its way a second may pass, and it is less ahead
    problem(await reported.send(age=-310), 401, "bad_signature")
    problem(await http.post(LISTENER, json=reported.body), 401, "bad_signature")
    problem(await Told(http, uuid4()).send(), 404, "not_found")
    problem(await Told(http, "not an id").send(), 400, "malformed")
    problem(await reported.send(body=b"{}"), 400, "malformed")
    problem(await reported.send(body=b'{"eventId": "\xff"}'), 400, "malformed")
    problem(await reported.send(body=b" " * (LARGEST + 1)), 413)
    for _ in range(3):
        assert (await reported.send()).status_code == 201
    assert await drain(database, only="orders.handle_callbacks") == ["orders.handle_callbacks"]
    headers = await bearer(customer.manager)
    orders = (await http.get("/api/v1/lines", headers=headers)).json()
    assert orders["items"][0]["options"] == [SMS]


async def test_a_secret_in_a_callback_is_stored_nowhere(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox
) -> None:
    customer = await make_customer(lines=1)
    item = await sent_item(customer, database, http, sandbox)
    reported = Told(http, item.id)
    secrets = [
        {"name": "activationCode", "value": "1$smdp.example$TOP-SECRET"},
        {"name": "plan", "value": "p"},
    ]
    service = {"serviceCharacteristic": secrets, "puk": "TOP-SECRET"}
    reported.body["event"]["serviceOrder"]["serviceOrderItem"] = [{"id": "1", "service": service}]
    assert (await reported.send()).status_code == 201
    async with job_scope(customer.system) as scope:
        kept = await scope.connection.fetchval("SELECT body FROM inbox")
    assert "TOP-SECRET" not in kept
    assert json.loads(kept)["eventId"] == "event-1"
    assert await drain(database, only="orders.handle_callbacks") == ["orders.handle_callbacks"]
    told_of = (await get_order(customer.manager, await reference_of(customer))).items[0].reported
    assert told_of["plan"] == "p"
    assert "activationCode" not in told_of


async def reference_of(customer: Customer) -> str:
    async with job_scope(customer.system) as scope:
        return str(await scope.connection.fetchval("SELECT reference FROM change_order"))


async def test_the_other_carriers_secret_does_not_speak_for_this_one(
    http: httpx.AsyncClient, database: TestDatabase, sandbox: Sandbox, settings: Settings
) -> None:
    customer = await make_customer(lines=1)
    item = await sent_item(customer, database, http, sandbox)
    runtime.use_settings(
        dataclasses.replace(settings, carrier_secrets={"mandarine": SECRET, "lynx": "of the other carrier"})
    )
    problem(await Told(http, item.id).send(secret="of the other carrier"), 404, "not_found")
    assert (await Told(http, item.id).send()).status_code == 201


async def test_a_filter_that_is_too_long_is_refused_by_its_name(http: httpx.AsyncClient) -> None:
    customer = await make_customer(lines=1)
    headers = await bearer(customer.manager)
    for name in ("plan", "status", "account", "option", "cost_centre"):
        answer = await http.get("/api/v1/lines", headers=headers, params={name: "x" * 2001})
        problem(answer, 422, "invalid")
        assert name in answer.json()["fields"]
