"""An engineer on call follows a request: in the log, and with commands that find its company themselves."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
import structlog
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from backend.core.errors import Unavailable
from backend.core.messaging.jobs import JOBS, Job, job_scope, run_job
from backend.core.messaging.set_aside import UnreadMessage, set_aside
from backend.core.messaging.set_aside_states import SetAsideSource
from backend.orders.fulfilment.polling import poll_stale_items
from backend.orders.schemas import OrderDetail
from backend.schedule import isolate_errors
from backend.settings import Settings
from tenants.scope import TenantId
from tenants.transaction import engine
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer
from tests.support.jobs import drain
from tests.support.order_steps import load_lines_at_carrier, place
from tests.support.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer(lines=2, grace_seconds=0)


@pytest.fixture
async def placed(customer: Customer, sandbox: Sandbox) -> OrderDetail:
    lines = await load_lines_at_carrier(customer, sandbox)
    return await place(customer, [line.id for line in lines], add=("sms-unlimited",))


@pytest.fixture
def run(settings: Settings) -> Run:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FLEETLINE_")} | {
        "FLEETLINE_DATABASE_URL": settings.database_url,
        "FLEETLINE_SECRET_KEYS": ",".join(settings.secret_keys),
    }

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", *arguments],
            capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=60,
        )  # fmt: skip

    return call


async def give_up(database: TestDatabase, job: str) -> None:
    """The job has failed too often."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "UPDATE outbox SET failed_at = now(), attempts = 12, last_error = 'KeyError (1234abcd)' WHERE job = $1",
        job,
    )
    await connection.close()


async def test_every_line_about_a_job_names_company_and_request(
    database: TestDatabase, customer: Customer, placed: OrderDetail, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await asyncpg.connect(database.superuser_url)
    row = await connection.fetchval("SELECT id FROM outbox WHERE job = 'orders.split_submission'")
    await connection.close()
    standard = {"tenant": customer.slug, "job": "orders.split_submission", "row": str(row)}
    for error, event in (
        (Unavailable("away"), "job put off"),
        (asyncpg.DiskFullError("no space"), "job put off"),
        (KeyError("a bug"), "job failed"),
    ):

        async def perform(tenant_id: TenantId, row_id: object, error: Exception = error) -> bool:
            structlog.get_logger().info("inside")
            raise error

        monkeypatch.setitem(JOBS, "orders.split_submission", Job("orders.split_submission", perform))
        with capture_logs([merge_contextvars]) as logs:
            await run_job("orders.split_submission", customer.tenant_id, row)
        inside, said = logs
        assert inside.items() >= standard.items()
        assert said.items() >= {**standard, "event": event, "order": placed.reference}.items()


async def test_what_a_job_cannot_write_down_names_the_company_as_far_as_it_is_known(
    customer: Customer,
) -> None:
    pool, nowhere = engine().pool, asyncpg.create_pool("postgresql://x@127.0.0.1:1/x", min_size=0)
    engine().pool = await nowhere
    try:
        with capture_logs([merge_contextvars]) as logs:
            await run_job("orders.split_submission", customer.tenant_id, customer.tenant_id)
    finally:
        engine().pool = pool
    assert {one["tenant"] for one in logs} == {str(customer.tenant_id)}
    assert logs[-1]["event"] == "job left to its lease"


async def test_polling_submission_and_messages_name_company_and_request(
    database: TestDatabase, customer: Customer, placed: OrderDetail, sandbox: Sandbox
) -> None:
    about = {"tenant": customer.slug, "order": placed.reference}
    sandbox.behave(customer.carrier, outage="unavailable")
    with capture_logs([merge_contextvars]) as logs:
        await drain(database)
    [put_off] = [one for one in logs if one["event"] == "job put off"]
    assert put_off.items() >= about.items()
    assert put_off["why"] == f"The network of {customer.carrier} answered 503."
    await poll_stale_items(customer.system, -1)
    with capture_logs([merge_contextvars]) as logs:
        await drain(database, only="orders.poll_items")
    assert [one for one in logs if one["event"] == "carrier silent" and one.items() >= about.items()]
    message = UnreadMessage(
        source=SetAsideSource.ANSWER, key="k", subject=str(placed.items[0].id), body="{}", why="no state"
    )
    with capture_logs([merge_contextvars]) as logs:
        async with job_scope(customer.system) as scope:
            await set_aside(scope, [message])
        async with isolate_errors("poll_carriers", customer.system):
            raise Unavailable("away")
    aside, task = logs
    assert aside.items() >= about.items()
    assert (task["task"], task["tenant"]) == ("poll_carriers", customer.slug)


async def test_a_request_is_shown_with_all_that_is_open_about_it(
    database: TestDatabase, customer: Customer, placed: OrderDetail, sandbox: Sandbox, run: Run
) -> None:
    await make_customer(lines=1)
    await drain(database)
    item = placed.items[0]
    async with job_scope(customer.system) as scope:
        await set_aside(
            scope,
            [
                UnreadMessage(
                    source=SetAsideSource.ANSWER, key="k", subject=str(item.id), body="hush", why="no state"
                )
            ],
        )
        await scope.execute(
            "INSERT INTO outbox (id, tenant_id, job, data, not_before, created_at, attempts) VALUES"
            " (gen_random_uuid(), $1, 'orders.submit_items', jsonb_build_object('order_id', $2::text, 'x', 'hush'), now(), now(), 0),"
            " (gen_random_uuid(), $1, 'orders.poll_items', jsonb_build_object('item_ids', ARRAY[$3::text]), now(), now(), 0),"
            " (gen_random_uuid(), $1, 'lines.read_puk', jsonb_build_object('item_id', $3::text), now(), now(), 0),"
            " (gen_random_uuid(), $1, 'orders.other', jsonb_build_object('order_id', gen_random_uuid()::text), now(), now(), 0)",
            customer.tenant_id, str(placed.id), str(item.id),
        )  # fmt: skip
    await give_up(database, "orders.submit_items")
    done = run("order", "show", placed.reference.lower())
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert rows[0][:4] == [
        "request",
        placed.reference,
        "change_options",
        (await shown(customer, placed)).state,
    ]
    assert rows[1][:2] == ["company", customer.slug]
    assert [row[1] for row in rows if row[0] == "item"] == [str(one.id) for one in placed.items]
    assert all(
        "at the carrier " in line and "at the carrier -" not in line
        for line in done.stdout.splitlines()
        if line.startswith("item")
    )
    jobs = {row[2]: row for row in rows if row[0] == "job"}
    assert set(jobs) >= {"orders.submit_items", "orders.poll_items", "lines.read_puk"}
    assert "orders.other" not in jobs
    assert jobs["orders.submit_items"][3].startswith("given up 20")
    assert jobs["orders.submit_items"][-1] == "KeyError (1234abcd)"
    assert [row[-1] for row in rows if row[0] == "message"] == ["no state"]
    assert "hush" not in done.stdout
    nowhere = run("order", "show", "MND-2611201405-KXTR")
    assert (nowhere.returncode, nowhere.stderr) == (
        1,
        "fleetline: no company has a request 'MND-2611201405-KXTR'\n",
    )


async def shown(customer: Customer, placed: OrderDetail) -> OrderDetail:
    from backend.orders.service import get_order

    return await get_order(customer.manager, placed.reference)


async def test_jobs_that_were_given_up_are_listed_and_run_again(
    database: TestDatabase, customer: Customer, placed: OrderDetail, run: Run
) -> None:
    await make_customer()
    assert run("jobs", "failed").stdout == ""
    await give_up(database, "orders.split_submission")
    [row] = run("jobs", "failed").stdout.splitlines()
    company, job, name, reference, attempts, _, why = row.split("\t")
    assert (company, name, reference) == (customer.slug, "orders.split_submission", placed.reference)
    assert (attempts, why) == ("12", "KeyError (1234abcd)")
    assert run("jobs", "retry").returncode == run("jobs", "retry", job, "--all").returncode == 2
    wrong = run("jobs", "retry", str(placed.id))
    assert (wrong.returncode, wrong.stderr) == (1, f"fleetline: no job {placed.id} was given up\n")
    assert run("jobs", "retry", job).stdout == "run again: 1\n"
    assert run("jobs", "failed").stdout == ""
    assert "orders.split_submission" in await drain(database)
    await give_up(database, "orders.submit_items")
    await give_up(database, "orders.mail_order_ended")
    assert run("jobs", "retry", "--all", "--tenant", customer.slug).returncode == 0


async def test_customers_are_listed_suspended_ones_too(customer: Customer, run: Run) -> None:
    other = await make_customer()
    assert run("tenant", "suspend", other.slug).returncode == 0
    rows = [line.split("\t")[:4] for line in run("tenant", "list").stdout.splitlines()]
    assert rows == sorted(
        [
            [customer.slug, "active", customer.carrier, str(customer.tenant_id)],
            [other.slug, "suspended", other.carrier, str(other.tenant_id)],
        ]
    )
