"""A platform of 1,000 tenants and 2,000,000 lines, one tenant with 100,000; kept between runs on a server given by URL."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from backend import provision
from backend.lines.search_keys import name_key, search_text
from tests.support.database import PASSWORDS, TestDatabase, make_database, schema_tag

BIG, TENANTS, LINES = 100_000, 1_000, 2_000_000
SMALL_TENANTS, SMALL_LINES = (
    20,
    120_000,
)  # for a server that this run started: the same shape, quicker to load
FAMILY = (
    "peeters",
    "janssens",
    "maes",
    "dubois",
    "claes",
    "willems",
    "lambert",
    "demir",
    "benali",
    "wouters",
)
STATUSES = ("active",) * 96 + ("suspended",) * 4
PLANS = ("pro-flex-2", "pro-flex-20", "pro-flex-60", "pro-max", "data-pro-10")
SECONDARY = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'line' AND indexname LIKE 'line\\_%' AND indexname NOT IN ('line_pkey', 'line_tenant_id_id_key')"
COLUMNS = (
    "id",
    "tenant_id",
    "msisdn",
    "status",
    "product_type",
    "plan",
    "options",
    "barrings",
    "billing_account_id",
    "account",
    "name",
    "name_key",
    "search",
    "sim_number",
    "sim_kind",
    "companion_sim",
    "split_profile",
    "debt_block",
)


@dataclass(frozen=True, slots=True)
class Platform:
    """Where the data is, and the tenants of every size that rows ask for: number of lines -> tenant."""

    database: TestDatabase
    big: uuid.UUID
    tenants: dict[int, uuid.UUID]
    lines: int
    server: str


def _tenant(index: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"tenant-{index}.bench")


def _sizes(tenants: int, lines: int) -> list[int]:
    """One big tenant, one of each size that the growth row compares, the rest alike."""
    fixed = [BIG, 100, 1_000, 10_000]
    rest = (lines - sum(fixed)) // (tenants - len(fixed))
    return fixed + [max(rest, 1)] * (tenants - len(fixed))


async def load(admin_url: str, server: Any) -> Platform:
    """The platform on this server: found, or loaded now (some minutes for two million lines)."""
    kept = server is None
    tenants, lines = (TENANTS, LINES) if kept else (SMALL_TENANTS, SMALL_LINES)
    name = f"fleetline_bench_{schema_tag()}"
    admin = await asyncpg.connect(admin_url)
    found = await admin.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name)
    version = (await admin.fetchval("SHOW server_version")).split(" ")[0]
    if not found:
        fresh = await make_database(admin_url, server)
        connection = await asyncpg.connect(fresh.superuser_url)
        await _fill(connection, _sizes(tenants, lines))
        await connection.close()
        await admin.execute(f'ALTER DATABASE "{fresh.name}" RENAME TO "{name}"')
    await admin.close()
    await provision.create_roles(admin_url)
    await provision.set_passwords(admin_url, PASSWORDS, replace=True)
    sizes = _sizes(tenants, lines)
    by_size = {size: _tenant(index) for index, size in enumerate(sizes[:4])}
    label = f"{version} {'given by URL' if kept else 'embedded'}"
    return Platform(TestDatabase(admin_url, name, server), _tenant(0), by_size, sum(sizes), label)


async def _fill(connection: asyncpg.Connection, sizes: list[int]) -> None:
    now = datetime.now(UTC)
    indexes = await connection.fetch(SECONDARY)
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    ids = [_tenant(index) for index in range(len(sizes))]
    await connection.copy_records_to_table(
        "tenant",
        records=[
            (ids[i], f"bench-{i}", f"Bench {i}", "mandarine", "active", None, now) for i in range(len(sizes))
        ],
        columns=["id", "slug", "name", "carrier", "state", "grace_seconds", "created_at"],
    )
    organisations = [uuid.uuid4() for _ in sizes]
    await connection.copy_records_to_table(
        "organisation",
        records=[
            (organisations[i], ids[i], f"Bench {i}", "0123456749", "BE0123456749", "")
            for i in range(len(sizes))
        ],
        columns=["id", "tenant_id", "name", "enterprise_number", "vat_number", "address"],
    )
    accounts = [uuid.uuid4() for _ in sizes]
    await connection.copy_records_to_table(
        "billing_account",
        records=[
            (accounts[i], ids[i], organisations[i], f"{i:07d}-01", "Site", "line_bearing")
            for i in range(len(sizes))
        ],
        columns=["id", "tenant_id", "organisation_id", "number", "label", "kind"],
    )
    number = 0
    for index, size in enumerate(sizes):
        await connection.copy_records_to_table(
            "line", records=_lines(index, size, number, ids[index], accounts[index]), columns=list(COLUMNS)
        )
        number += size
    await connection.execute(
        "INSERT INTO fleet_count SELECT tenant_id, status, count(*) FROM line GROUP BY 1, 2"
    )
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("VACUUM ANALYZE")


def _lines(
    index: int, size: int, first: int, tenant: uuid.UUID, account: uuid.UUID
) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(index)
    customer = f"{index:07d}-01"
    for number in range(first, first + size):
        rare = " zwaluw" if number % 20_011 == 7 else ""
        name = f"{chance.choice(FAMILY).title()}{rare}, An {number % 9973}"
        msisdn, sim = f"+3247{number:07d}", f"91{number:011d}"
        plan = chance.choice(PLANS)
        yield (
            uuid.UUID(int=chance.getrandbits(128), version=4),
            tenant,
            msisdn,
            chance.choice(STATUSES),
            "data_only" if plan.startswith("data") else "voice_data",
            plan,
            ["sms-unlimited"] if number % 3 else [],
            [],
            account,
            customer,
            name,
            name_key(name),
            search_text(name=name, msisdn=msisdn, sim_number=sim, account=customer),
            sim,
            "physical",
            "",
            "",
            False,
        )
