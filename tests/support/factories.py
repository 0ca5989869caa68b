"""Makes customers through the use cases: tenants, members, customer numbers, lines."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.catalog.identifiers import with_luhn
from backend.catalog.profiles import profile
from backend.core import clock
from backend.core.ids import new_id
from backend.lines.intake.file_columns import COLUMNS
from backend.lines.intake.file_import import import_lines
from backend.lines.organisations import add_billing_account, add_cost_centre, add_organisation
from backend.lines.schemas import LineFilter, LineRow
from backend.lines.service import list_lines
from tenants.scope import EVERYTHING, Actor, MemberId, Reach, TenantId
from tenants.transaction import engine, open_scope

MANAGER = frozenset({"owner", "fleet_manager"})
_numbers = iter(range(10_000_000))


@dataclass(slots=True)
class Customer:
    """A tenant with a manager, and what was made for it."""

    slug: str
    tenant_id: TenantId
    carrier: str
    manager: Actor
    accounts: dict[str, UUID] = field(default_factory=dict)
    organisation_id: UUID | None = None

    @property
    def system(self) -> Actor:
        return Actor(self.tenant_id)

    async def lines(self) -> list[LineRow]:
        return (await list_lines(self.manager, LineFilter(), limit=500)).items


async def make_customer(
    slug: str = "", *, carrier: str = "mandarine", lines: int = 0, grace_seconds: int | None = None
) -> Customer:
    slug = slug or f"t{secrets.token_hex(4)}"
    tenant_id = TenantId(new_id())
    async with open_scope(Actor(tenant_id)) as scope:
        await scope.connection.execute(
            "INSERT INTO tenant (id, slug, name, carrier, state, grace_seconds, created_at)"
            " VALUES ($1, $2, $3, $4, 'active', $5, $6)",
            tenant_id,
            slug,
            slug.title(),
            carrier,
            grace_seconds,
            clock.now(),
        )
    manager = await make_member(tenant_id, roles=MANAGER, carrier=carrier)
    customer = Customer(slug, tenant_id, carrier, manager)
    customer.organisation_id = await add_organisation(
        manager, name=slug.title(), enterprise_number="0123456749", address="Rue du Canal 18, 1070 Anderlecht"
    )
    for suffix in ("01", "02"):
        await make_account(customer, f"60{secrets.randbelow(90000) + 10000}-{suffix}")
    if lines:
        await make_lines(customer, lines)
    return customer


async def make_account(customer: Customer, number: str, *, kind: str = "line_bearing") -> UUID:
    assert customer.organisation_id
    account = await add_billing_account(
        customer.manager, organisation_id=customer.organisation_id, number=number, label="Site", kind=kind
    )
    customer.accounts[number] = account
    return account


async def make_member(
    tenant_id: TenantId,
    *,
    roles: frozenset[str] = MANAGER,
    name: str = "Sofie Claes",
    language: str = "en",
    reach: Reach = EVERYTHING,
    carrier: str = "mandarine",
) -> Actor:
    """A member with an account of its own, acting as after a fresh sign-in."""
    account, member = new_id(), MemberId(new_id())
    email = f"{secrets.token_hex(4)}@customer.example"
    async with engine().pool.acquire() as connection:
        await connection.execute(
            "INSERT INTO account (id, email, password_hash, given_name, family_name, language, state, created_at)"
            " VALUES ($1, $2, '', $3, '', $4, 'active', now())",
            account,
            email,
            name,
            language,
        )
    async with open_scope(Actor(tenant_id)) as scope:
        await scope.connection.execute(
            "INSERT INTO member (id, tenant_id, account_id, name, email, language, roles, state,"
            " reach_billing_accounts, reach_cost_centres, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9, now())",
            member,
            tenant_id,
            account,
            name,
            email,
            language,
            list(roles),
            None if reach.billing_accounts is None else list(reach.billing_accounts),
            None if reach.cost_centres is None else list(reach.cost_centres),
        )
    return Actor(
        tenant_id,
        member_id=member,
        name=name,
        email=email,
        language=language,
        carrier=carrier,
        roles=roles,
        reach=reach,
        signed_in_at=clock.now(),
    )


def next_msisdn() -> str:
    return f"+3247{next(_numbers):07d}"


def sim_for(carrier: str, index: int) -> str:
    """A SIM number that the carrier's rule accepts."""
    body = f"91{index:010d}" if carrier == "mandarine" else f"893203{index:012d}"
    return with_luhn(body)


async def make_lines(
    customer: Customer,
    count: int,
    *,
    plan: str = "",
    options: Sequence[str] = (),
    status: str = "active",
    account: str = "",
    names: Sequence[str] = (),
    puk: str = "",
    cost_centre: str = "",
) -> None:
    """Lines through the CSV import, as a customer's own fleet would come in."""
    catalogue = profile(customer.carrier)
    plan = plan or next(one.code for one in catalogue.plans if one.product_type == "voice_data")
    numbers = list(customer.accounts)
    rows = [",".join(COLUMNS)]
    for index in range(count):
        phone = next_msisdn()
        family, _, given = (names[index] if index < len(names) else f"Peeters{index:05d}|An").partition("|")
        cells = {
            "msisdn": phone,
            "customer_number": account or numbers[index % len(numbers)],
            "plan": plan,
            "family_name": family,
            "given_name": given,
            "sim_number": sim_for(customer.carrier, int(phone[5:])),
            "options": "|".join(options),
            "status": status,
            "puk": puk,
            "cost_centre": cost_centre,
        }
        rows.append(",".join(cells.get(column, "") for column in COLUMNS))
    result = await import_lines(customer.manager, "\n".join(rows).encode())
    assert not result.errors, result.errors[:3]


async def make_cost_centre(customer: Customer, code: str) -> UUID:
    return await add_cost_centre(customer.manager, code=code)
