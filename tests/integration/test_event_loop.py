"""No request, however large, keeps the event loop: what others wait for is one step of it."""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from backend.app import create_api
from backend.billing.proof import service as proof
from backend.core.messaging.jobs import job_scope
from backend.lines.export import export_lines
from backend.lines.schemas import LineFilter
from backend.orders.export import export_items
from backend.settings import Settings
from tests.integration.test_api import bearer
from tests.support.charges import charge_line, invoiced
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.order_steps import place
from tests.support.watchdog import watched_loop

LINES = 20_000
HEADER = b"number;reason\n"
# Five charges of each line; the last of them have a price of their own
CHARGES = """
INSERT INTO invoice_charge (id, tenant_id, invoice_id, position, line_number, msisdn, line_id, kind, code, name,
  description, quantity, unit_price, net_cents, vat_category, vat_percent, period_start, period_end, cost_centre)
SELECT gen_random_uuid(), c.tenant_id, c.invoice_id, row_number() OVER () + 1, '', l.msisdn, l.id, c.kind, c.code, c.name,
  '', 1, c.unit_price, c.net_cents + n, c.vat_category, c.vat_percent, c.period_start, c.period_end, ''
FROM invoice_charge c JOIN line l ON l.tenant_id = c.tenant_id CROSS JOIN generate_series(1, 5) n WHERE c.invoice_id = $1
"""


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    """A large company that the planner's statistics do not know: they are of a few small ones.

    A plan that compares each line with each takes minutes then, and the test ends by its time limit.
    """
    small = await make_customer(lines=60, grace_seconds=600)
    await place(small, [line.id for line in await small.lines()], add=("sms-unlimited",))
    superuser = await asyncpg.connect(database.superuser_url)
    await superuser.execute("ANALYZE")
    await superuser.close()
    return await make_customer("delta", lines=LINES, grace_seconds=600)


@pytest.fixture
async def http(settings: Settings, customer: Customer) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_api(settings))  # type: ignore[arg-type]
    headers = await bearer(customer.manager)
    async with httpx.AsyncClient(
        transport=transport, base_url=f"{settings.public_url}/api/v1", headers=headers, timeout=120
    ) as client:
        yield client


async def answered(client: httpx.AsyncClient, method: str, path: str, **body: object) -> httpx.Response:
    """The answer, after a look at the steps that it took."""
    with watched_loop() as found:
        answer = await client.request(method, path, json=body or None)
    assert answer.is_success, answer.text[:300]
    assert found.steps == [], f"{method} {path}"
    return answer


def test_the_watchdog_barks() -> None:
    """A step that computes for long is found, one that sleeps is not."""

    async def computing() -> None:
        began = time.thread_time()
        while time.thread_time() - began < 0.12:
            pass

    with watched_loop() as found:
        asyncio.run(computing())
    assert found.longest > 0.1
    with watched_loop() as found:
        asyncio.run(asyncio.sleep(0.12))
    assert found.steps == []


async def test_a_request_for_every_line(http: httpx.AsyncClient, customer: Customer) -> None:
    body = {"kind": "change_options", "filter": {"status": ["active"]}, "add": ["sms-unlimited"]}
    preview = (await answered(http, "POST", "/change-orders/preview", **body)).json()
    assert preview["changing"] == len(preview["items"]) == LINES
    placed = (await answered(http, "POST", "/change-orders", **body, request_key="k")).json()
    assert len(placed["items"]) == LINES
    path = f"/change-orders/{placed['reference']}"
    assert len((await answered(http, "GET", path)).json()["items"]) == LINES
    with watched_loop() as found:
        (await export_items(customer.manager, placed["reference"])).close()
        (await export_lines(customer.manager, LineFilter())).close()
    assert found.steps == []
    undone = (await answered(http, "POST", f"{path}/undo")).json()
    assert undone["state"] == "cancelled"


async def test_the_lines_by_their_ids_given_twice(http: httpx.AsyncClient, customer: Customer) -> None:
    """Twenty thousand ids, each of them twice."""
    async with job_scope(customer.system) as scope:
        ids = [str(id_) for id_ in await scope.fetch_all(lambda id_: id_, "SELECT id FROM line")]
    body = {"kind": "change_barrings", "line_ids": ids + ids, "add": ["premium-sms"]}
    twice = (await answered(http, "POST", "/change-orders/preview", **body)).json()
    assert twice["total_lines"] == LINES
    preview = (await answered(http, "POST", "/change-orders/preview", **{**body, "line_ids": ids})).json()
    assert preview["total_lines"] == LINES


async def test_a_file_of_as_many_rows(
    http: httpx.AsyncClient, customer: Customer, database: TestDatabase
) -> None:
    async with job_scope(customer.system) as scope:
        numbers = await scope.fetch_all(str, "SELECT msisdn FROM line")
    content = HEADER + b"".join(f"{number};absence\n".encode() for number in numbers)
    sent = {"file": ("fleet.csv", content, "text/csv")}
    with watched_loop() as found:
        stored = await http.post("/documents", data={"purpose": "bulk"}, files=sent)
    assert found.steps == []
    document = stored.raise_for_status().json()["id"]
    upload = (await answered(http, "POST", "/bulk", kind="suspend", document_id=document)).json()["id"]
    with watched_loop() as found:
        await drain(database, only="bulk.")
    assert found.steps == []
    body = {"kind": "suspend", "upload_id": upload}
    preview = (await answered(http, "POST", "/change-orders/preview", **body)).json()
    assert preview["changing"] == LINES
    placed = (await answered(http, "POST", "/change-orders", **body, request_key="k")).json()
    assert len(placed["items"]) == LINES


async def test_the_proof_of_an_invoice_of_a_hundred_thousand_charges(
    customer: Customer, database: TestDatabase
) -> None:
    number = (await customer.lines())[0].msisdn
    invoice = await invoiced(customer, [charge_line(number)], "LARGE")
    superuser = await asyncpg.connect(database.superuser_url)
    await superuser.execute(CHARGES, invoice.id)
    await superuser.execute("ANALYZE")
    await superuser.close()
    await proof.check_again(customer.manager, invoice.id)
    with watched_loop() as found:
        await drain(database, only="billing.prove")
    assert found.steps == []
    assert (await proof.proof_of(customer.manager, invoice.id)).different > LINES
