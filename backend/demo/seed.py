"""Fills an empty deployment with the demo's customers, through the same use cases as everybody's."""

from collections.abc import Iterator
from typing import Any

import httpx

import backend.subscriptions  # noqa: F401 - usage that is loaded is announced
from backend.core import clock
from backend.core.messaging.jobs import job_scope
from backend.demo.fleets import TENANTS, DemoTenant, blank_sims_of, inventory_of, reserved_numbers_of, rows_of
from backend.demo.invoices import seed_invoices
from backend.demo.usage import MONTHS, seed_usage
from backend.lines.intake.file_columns import COLUMNS
from backend.lines.intake.file_import import import_lines
from backend.lines.organisations import add_billing_account, add_cost_centre, add_organisation, link_end_user
from backend.lines.sims.stock import add_sims, reserve_numbers
from backend.members.service import add_member
from backend.members.tenants import create_tenant
from tenants.directory import find_tenant
from tenants.scope import Actor, TenantId

PASSWORD = "fleetline-demo"  # noqa: S105 - printed at every start, on purpose


class SeedError(RuntimeError):
    """The demo's own data was refused: a bug of ours."""


async def seed(months: int = MONTHS) -> list[str]:
    """Make the tenants that are not there yet, with so many months of usage and invoices; returns their slugs."""
    made = []
    for tenant in TENANTS:
        if await find_tenant(tenant.slug) is None:
            await _make(tenant, months)
            made.append(tenant.slug)
    return made


async def _make(tenant: DemoTenant, months: int) -> None:
    tenant_id = await create_tenant(tenant.slug, tenant.name, tenant.carrier)
    product = Actor(tenant_id, carrier=tenant.carrier)
    for code, name in tenant.cost_centres:
        await add_cost_centre(product, code=code, name=name)
    for organisation in tenant.organisations:
        organisation_id = await add_organisation(
            product,
            name=organisation.name,
            enterprise_number=organisation.enterprise_number,
            address=organisation.address,
        )
        parent = None
        for number, label, kind in organisation.accounts:
            account = await add_billing_account(
                product,
                organisation_id=organisation_id,
                number=number,
                label=label,
                kind=kind,
                parent_id=parent,
            )
            parent = account if kind == "invoice_only" else parent
    result = await import_lines(product, "\n".join(_csv(tenant)).encode())
    if result.errors:
        raise SeedError(f"{tenant.slug}: {result.errors[0]}")
    for taken in (
        await add_sims(product, blank_sims_of(tenant)),
        await reserve_numbers(product, reserved_numbers_of(tenant)),
    ):
        if taken.wrong or taken.in_use:
            raise SeedError(f"{tenant.slug}: {taken}")
    for member in tenant.members:
        member_id = await add_member(
            product,
            email=member.email,
            name=f"{member.given_name} {member.family_name}",
            roles=member.roles,
            password=PASSWORD,
            mobile=member.mobile or None,
            language=member.language,
        )
        if "end_user" in member.roles:
            await link_end_user(product, member_id=member_id, msisdn=member.mobile)
    use = await seed_usage(tenant, product, months=months)
    await seed_invoices(tenant, use, months=months)
    await _mark_as_read(tenant_id)


async def _mark_as_read(tenant_id: TenantId) -> None:
    """The lines came from the carrier's own records a moment ago."""
    async with job_scope(Actor(tenant_id)) as scope:
        total = await scope.fetch_value(int, "SELECT count(*) FROM line")
        await scope.execute(
            "INSERT INTO inventory_sync (tenant_id, refreshed_at, state, read, total) VALUES ($1, $2, 'idle', $3, $3)",
            tenant_id,
            clock.now(),
            total,
        )


def _csv(tenant: DemoTenant) -> Iterator[str]:
    yield ",".join(COLUMNS)
    for row in rows_of(tenant):
        yield ",".join(row[column] for column in COLUMNS)


async def load_sandbox(url: str) -> None:
    """Put the demo's lines in the books of the sandbox's carriers, where they are not yet."""
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for tenant in TENANTS:
            services = f"{url}/{tenant.carrier}/tmf-api/serviceInventory/v4/service"
            answer = await client.get(services, params={"customer": tenant.slug, "limit": 1})
            if int(answer.headers.get("x-total-count", "0")):
                continue
            lines = [_camel(line) for line in inventory_of(tenant)]
            body = {"customer": tenant.slug, "lines": lines}
            (await client.post(f"{url}/{tenant.carrier}/admin/inventory", json=body)).raise_for_status()


def _camel(line: dict[str, Any]) -> dict[str, Any]:
    def name(key: str) -> str:
        first, *rest = key.split("_")
        return first + "".join(word.title() for word in rest)

    return {name(key): value for key, value in line.items()}
