"""Who sees invoices: given and taken by owners, by customer number, at once on every door (F-017, F-155)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.billing import access
from backend.billing import service as billing
from backend.billing.queries import invoice_accounts
from backend.core import clock
from backend.core.errors import (
    Conflict,
    Forbidden,
    NotAuthenticated,
    NotFound,
    ReauthenticationRequired,
    ValidationFailed,
)
from backend.core.permissions import Permission
from backend.members.invoice_readers import InvoicePerson
from backend.members.tokens import authenticate_token, create_token
from tenants.scope import Actor, MemberId, Reach, TenantId
from tenants.transaction import open_scope
from tests.support.database import TestDatabase
from tests.support.factories import Customer, make_customer, make_member
from tests.support.invoices import invoice_for, invoices_of, take
from tests.support.jobs import drain
from tests.support.sandbox import Sandbox

READER = frozenset({"invoice_reader"})


@pytest.fixture
async def customer(database: TestDatabase) -> Customer:
    return await make_customer()


async def rows(actor: Actor, query: str, *values: object) -> list[Any]:
    async with open_scope(actor) as scope:
        return list(await scope.connection.fetch(query, *values))


async def as_now(actor: Actor) -> Actor:
    """The member as a new request would find it."""
    [row] = await rows(actor, "SELECT roles, invoice_accounts FROM member WHERE id = $1", actor.member_id)
    given = row["invoice_accounts"]
    return Actor(
        actor.tenant_id,
        member_id=actor.member_id,
        roles=frozenset(row["roles"]),
        reach=actor.reach,
        invoice_accounts=None if given is None else frozenset(given),
    )


async def two_invoices(customer: Customer) -> tuple[str, str]:
    first, second = customer.accounts
    for number, account in (("R-1", first), ("R-2", second)):
        assert (await take(invoice_for(customer, number, account=account))).number
    return first, second


async def test_a_fleet_manager_is_given_some_customer_numbers_others_and_none(customer: Customer) -> None:
    first, second = await two_invoices(customer)
    manager = await make_member(customer.tenant_id, roles=frozenset({"fleet_manager"}))
    with pytest.raises(Forbidden):
        await invoices_of(manager)
    await access.give_invoice_access(customer.manager, manager.email, [customer.accounts[first]] * 3)
    now = await as_now(manager)
    assert now.roles == {"fleet_manager", "invoice_reader"}
    assert [one.number for one in await invoices_of(now)] == ["R-1"]
    assert [one.account for one in (await billing.balance(now)).accounts] == [first]
    await access.give_invoice_access(customer.manager, manager.email.upper(), None)
    assert {one.number for one in await invoices_of(await as_now(manager))} == {"R-1", "R-2"}
    await access.give_invoice_access(customer.manager, manager.email, [customer.accounts[second]])
    assert [one.number for one in await invoices_of(await as_now(manager))] == ["R-2"]
    assert manager.member_id
    await access.take_invoice_access(customer.manager, manager.member_id)
    assert (await as_now(manager)).roles == {"fleet_manager"}
    with pytest.raises(Conflict):
        await access.take_invoice_access(customer.manager, manager.member_id)
    with pytest.raises(Forbidden):
        await invoices_of(await as_now(manager))


async def test_what_is_given_is_wider_or_narrower_than_the_reach_on_lines(customer: Customer) -> None:
    first, second = await two_invoices(customer)
    one = await make_member(
        customer.tenant_id, roles=READER, reach=Reach(billing_accounts=frozenset({customer.accounts[first]}))
    )
    assert [each.number for each in await invoices_of(one)] == ["R-1"]
    await access.give_invoice_access(customer.manager, one.email, [customer.accounts[second]])
    assert [each.number for each in await invoices_of(await as_now(one))] == ["R-2"]


def test_an_auditor_who_is_a_reader_sees_all_and_pays_what_was_given() -> None:
    account, reach = uuid4(), Reach(billing_accounts=frozenset({uuid4()}))
    both = Actor(
        TenantId(uuid4()),
        member_id=MemberId(uuid4()),
        roles=frozenset({"auditor", "invoice_reader"}),
        reach=reach,
        invoice_accounts=frozenset({account}),
    )
    assert invoice_accounts(both) == list(reach.billing_accounts or ())
    # No auditor exports usage: what only the reader may is narrowed to what was given
    assert invoice_accounts(both, Permission.USAGE_EXPORT) == [account]


async def test_only_an_owner_who_signed_in_lately_gives_and_only_to_members_of_the_company(
    customer: Customer,
) -> None:
    account = next(iter(customer.accounts.values()))
    stale = Actor(
        customer.tenant_id,
        member_id=customer.manager.member_id,
        roles=frozenset({"owner"}),
        signed_in_at=clock.now() - timedelta(minutes=6),
    )
    member = await make_member(customer.tenant_id, roles=frozenset({"approver"}))
    assert member.member_id
    with pytest.raises(ReauthenticationRequired):
        await access.give_invoice_access(stale, member.email, None)
    with pytest.raises(ReauthenticationRequired):
        await access.take_invoice_access(stale, member.member_id)
    stranger = await make_customer()
    outsider = await make_member(stranger.tenant_id, roles=READER)
    assert outsider.member_id
    for email in (outsider.email, "nobody@customer.example", ""):
        with pytest.raises(ValidationFailed) as refused:
            await access.give_invoice_access(customer.manager, email, None)
        assert refused.value.code == "no_such_member"
    with pytest.raises(NotFound):
        await access.take_invoice_access(customer.manager, outsider.member_id)
    foreign = next(iter(stranger.accounts.values()))
    for wrong in ([], [foreign], [account, uuid4()]):
        with pytest.raises(ValidationFailed):
            await access.give_invoice_access(customer.manager, member.email, wrong)
    with pytest.raises(ValidationFailed) as refused:
        await access.give_invoice_access(customer.manager, customer.manager.email, None)
    assert refused.value.code == "sees_all_invoices"


async def test_whoever_loses_the_only_role_is_signed_out_and_told(
    customer: Customer, database: TestDatabase, sandbox: Sandbox
) -> None:
    reader = await make_member(customer.tenant_id, roles=READER, language="fr")
    assert reader.member_id
    account, number = next(iter(customer.accounts.values())), next(iter(customer.accounts))
    token = await create_token(customer.system, reader.member_id, label="books", days=30)
    told = await authenticate_token(token)
    assert told
    await access.give_invoice_access(customer.manager, reader.email, [account])
    await drain(database, twice=True)
    await access.take_invoice_access(customer.manager, reader.member_id)
    [row] = await rows(customer.manager, "SELECT state FROM member WHERE id = $1", reader.member_id)
    assert row["state"] == "removed"
    with pytest.raises(NotAuthenticated):
        await invoices_of(told)
    assert reader.member_id not in {one.id for one in (await access.invoice_access(customer.manager)).people}
    await drain(database, twice=True)
    company = customer.slug.title()
    left, given = sandbox.mails(reader.email)
    assert (given["subject"], given["times"]) == (f"Vous consultez les factures de {company}", 1)
    assert number in given["text"]
    assert (left["subject"], left["times"]) == (f"Vous n’avez plus accès à {company}", 1)
    assert "vous ne pouvez plus vous connecter" in left["text"]


async def test_the_overview_names_who_sees_what(customer: Customer) -> None:
    reader = await make_member(customer.tenant_id, roles=READER)
    approver = await make_member(customer.tenant_id, roles=frozenset({"approver"}))
    overview = await access.invoice_access(customer.manager)
    by_id: dict[UUID, InvoicePerson] = {one.id: one for one in overview.people}
    assert reader.member_id
    assert approver.member_id
    assert by_id[reader.member_id].is_reader
    assert not by_id[approver.member_id].reads
    assert [one.number for one in overview.accounts] == sorted(customer.accounts)
    assert not overview.more
