"""Files of the sandbox and of the demo go through the import as they are; the command line says what became of them."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from backend.core import clock
from backend.demo import fleets, seed
from backend.notifications.content import MailContent, Message
from backend.notifications.sending import send_once
from backend.sandbox.usage_files import month_so_far
from backend.usage import service as usage
from backend.usage.loading import load_file
from backend.usage.records import UsageFileKind
from tenants.directory import find_tenant
from tenants.scope import Actor, Scope
from tenants.transaction import open_scope
from tests.integration.test_cli import run  # noqa: F401 - a fixture
from tests.support.factories import make_customer, next_msisdn, sim_for
from tests.support.order_steps import load_lines_at_carrier
from tests.support.sandbox import Sandbox
from tests.support.usage import file_of, record


@pytest.mark.parametrize("kind", list(UsageFileKind))
async def test_the_sandboxs_files_are_taken_whole(kind: UsageFileKind, sandbox: Sandbox) -> None:
    customer = await make_customer(lines=3)
    lines = await load_lines_at_carrier(customer, sandbox)
    address = f"{sandbox.url}/{customer.carrier}/admin/usage/{kind}"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(address, params={"customer": customer.slug, "each": 20})
    assert answer.headers["content-type"].startswith("text/csv")
    done = await load_file(customer.system, answer.text.splitlines(keepends=True), kind=kind)
    assert (done.rejected, done.taken) == (0, len(lines) * (20 if kind is UsageFileKind.RECORDS else 3))


def test_the_sandboxs_usage_is_the_same_for_the_same_moment() -> None:
    now = clock.now() - timedelta(minutes=1)
    for kind in UsageFileKind:
        files = {month_so_far(["+32470100001"], kind=kind, now=now, each=5) for _ in range(2)}
        assert len(files) == 1


async def test_the_demo_has_three_months_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed, "TENANTS", fleets.TENANTS[1:2])
    await seed.seed(months=3)
    tenant = await find_tenant("lumen")
    assert tenant
    found = await usage.organisation_usage(Actor(tenant, carrier="lynx"))
    assert len(found.months) == 3
    assert found.total.lines == 12
    assert found.total.data_bytes > 0
    async with open_scope(Actor(tenant), read_only=True) as scope:
        pairs = await scope.connection.fetch(
            "SELECT b.used, b.allowance, coalesce(sum(r.amount), 0) AS recorded FROM usage_bucket b"
            " LEFT JOIN usage_record r USING (tenant_id, line_id, period, bucket) GROUP BY b.id, b.used, b.allowance"
        )
    assert len(pairs) > 60
    assert [dict(pair) for pair in pairs if pair["used"] != pair["recorded"]] == [], (
        "meters are sums of records"
    )
    assert all(pair["used"] <= pair["allowance"] for pair in pairs if pair["allowance"])


def test_the_command_line_takes_a_file_and_says_what_it_refused(run, tmp_path: Path) -> None:  # noqa: ANN001, F811
    assert run("tenant", "create", "delta", "--name", "Delta", "--carrier", "mandarine").returncode == 0
    file = tmp_path / "usage.csv"
    file.write_text("".join(file_of([record("a", "+32470123456")])))
    done = run("usage", "import", str(file))
    assert (done.returncode, done.stdout) == (1, "rows: 1, new: 0, known: 0\n")
    assert done.stderr == f"fleetline: 1 row was rejected: see {file}.rejected.csv\n"
    assert (tmp_path / "usage.csv.rejected.csv").read_text().splitlines()[
        1
    ] == "2,msisdn,No line has this number."
    file.write_text("".join(file_of([])))
    assert run("usage", "import", str(file), "--tenant", "delta").returncode == 0
    account = ("--account", "6012480-01", "--enterprise-number", "0123456749")
    assert (
        run("tenant", "create", "lumen", "--name", "Lumen", "--carrier", "mandarine", *account).returncode
        == 0
    )
    phone, fleet = next_msisdn(), tmp_path / "fleet.csv"
    card = sim_for("mandarine", 4242)
    fleet.write_text(f"msisdn,customer_number,plan,sim_number\n{phone},6012480-01,pro-max,{card}\n")
    assert run("fleet", "import", str(fleet), "--tenant", "lumen").returncode == 0
    file.write_text("".join(file_of([record("a", phone), record("b", phone)])))
    for said in ("rows: 2, new: 2, known: 0\n", "rows: 2, new: 0, known: 2\n"):
        done = run("usage", "import", str(file))
        assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    assert not (tmp_path / "usage.csv.rejected.csv").exists()
    assert run("usage", "import", str(file), "--tenant", "delta").returncode == 1
    assert run("usage", "import", str(file), "--tenant", "nobody").returncode == 1
    assert run("usage", "import", str(tmp_path / "missing.csv")).returncode == 2
    assert run("usage", "import").returncode == 2


def test_an_operators_token_is_made_and_revoked_on_the_command_line(run) -> None:  # noqa: ANN001, F811
    made = run("token", "create", "--operator", "Nadia Operator")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("flo_")
    for wrong in (
        (),
        ("--tenant", "delta"),
        ("--operator", "x", "--tenant", "delta", "--member", "a@b.example"),
    ):
        assert run("token", "create", *wrong).returncode == 2
    assert run("token", "revoke", "--operator", "Nadia Operator").stdout == "revoked: 1\n"
    again = run("token", "revoke", "--operator", "Nadia Operator")
    assert again.returncode == 1
    assert again.stderr.startswith("fleetline: ")


async def test_a_letter_is_sent_once_by_its_key(sandbox: Sandbox) -> None:
    customer = await make_customer()

    async def compose(_scope: Scope) -> Message:
        return Message("an@customer.example", MailContent("nl", "Onderwerp", "Hallo", ("Dag",)))

    async def nothing(_scope: Scope) -> None:
        return None

    for _ in range(2):
        await send_once(customer.system, "a/1", compose)
    await send_once(customer.system, "a/2", nothing)
    await send_once((await make_customer()).system, "a/1", compose)
    mails = sandbox.mails()
    assert len(mails) == 2
    assert len({mail["id"] for mail in mails}) == 2
