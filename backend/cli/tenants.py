"""Customers, the people who sign in for them, and their tokens."""

import sys
from typing import Any

import click

from backend.command import CommandFailed, with_database


async def actor_of(slug: str) -> Any:
    """The product acting for this tenant. Raises CommandFailed for an unknown one."""
    from tenants.directory import find_tenant
    from tenants.scope import Actor

    tenant_id = await find_tenant(slug)
    if tenant_id is None:
        raise CommandFailed(f"there is no tenant {slug!r}")
    return Actor(tenant_id)


@click.group()
def tenant() -> None:
    """Customers of this deployment."""


@tenant.command("create")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--carrier", required=True, help="The code of a carrier profile.")
@click.option("--enterprise-number", default="", help="Ten digits; with it the first organisation is made.")
@click.option("--address", default="")
@click.option("--account", "accounts", multiple=True, metavar="NUMBER", help="A customer number; repeatable.")
@with_database
async def tenant_create(
    slug: str, name: str, carrier: str, enterprise_number: str, address: str, accounts: tuple[str, ...]
) -> None:
    """Make a customer with its organisation and customer numbers."""
    from backend.catalog.identifiers import enterprise_number as valid
    from backend.catalog.profiles import known_profiles
    from backend.lines.organisations import add_billing_account, add_organisation
    from backend.members.tenants import create_tenant
    from tenants.scope import Actor

    known = known_profiles()
    if carrier not in known:
        raise CommandFailed(f"no carrier has the code {carrier!r}: choose among {', '.join(sorted(known))}")
    digits = valid(enterprise_number) if enterprise_number else ""
    if digits is None:
        raise CommandFailed(f"{enterprise_number!r} is not a Belgian enterprise number")
    actor = Actor(await create_tenant(slug, name, carrier), carrier=carrier)
    organisation = await add_organisation(actor, name=name, enterprise_number=digits, address=address)
    for number in accounts:
        await add_billing_account(actor, organisation_id=organisation, number=number)
    click.echo(str(actor.tenant_id))


@tenant.command("list")
@with_database
async def tenant_list() -> None:
    """Print each customer on one line: slug, state, carrier, id, name."""
    from backend.members.tenants import read_tenant
    from tenants.directory import every_tenant
    from tenants.scope import Actor

    for tenant_id in await every_tenant():
        one = await read_tenant(Actor(tenant_id))
        click.echo(f"{one.slug}\t{one.state}\t{one.carrier}\t{one.id}\t{one.name}")


async def _set_tenant_state(slug: str, name: str) -> None:
    from backend.members.access import set_tenant_state
    from tenants.tenant_state import TenantState

    await set_tenant_state(await actor_of(slug), TenantState(name))


@tenant.command("suspend")
@click.argument("slug")
@with_database
async def tenant_suspend(slug: str) -> None:
    """Close a customer: nobody of it can sign in or use a token. Requests under way go on."""
    await _set_tenant_state(slug, "suspended")


@tenant.command("resume")
@click.argument("slug")
@with_database
async def tenant_resume(slug: str) -> None:
    """Let a suspended customer in again."""
    await _set_tenant_state(slug, "active")


@click.group()
def member() -> None:
    """People of a customer who sign in."""


@member.command("add")
@click.option("--tenant", "slug", required=True)
@click.option("--email", required=True)
@click.option("--role", "roles", required=True, multiple=True, help="Repeat for several.")
@click.option("--name", default="")
@click.option("--mobile", default=None)
@click.option("--language", type=click.Choice(["fr", "nl", "de", "en"]), default="en", show_default=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input (12 characters at least)."
)
@with_database
async def member_add(
    slug: str,
    email: str,
    roles: tuple[str, ...],
    name: str,
    mobile: str | None,
    language: str,
    *,
    password_stdin: bool,
) -> None:
    """Give a person access, with a new account or the one of this e-mail address."""
    from backend.members.service import add_member

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    await add_member(
        await actor_of(slug),
        email=email,
        name=name or email.partition("@")[0],
        roles=roles,
        password=password,
        mobile=mobile,
        language=language,
    )


@member.command("list")
@click.option("--tenant", "slug", required=True)
@with_database
async def member_list(slug: str) -> None:
    """Print each member on one line: address, state, roles, name."""
    from backend.members.access import list_members

    for one in await list_members(await actor_of(slug)):
        click.echo(f"{one.email}\t{one.state}\t{','.join(one.roles)}\t{one.name}")


async def _set_member_state(slug: str, email: str, name: str) -> None:
    from backend.members.access import set_member_state
    from backend.members.lifecycle import MemberState

    await set_member_state(await actor_of(slug), email, MemberState(name))


@member.command("block")
@click.option("--tenant", "slug", required=True)
@click.option("--email", required=True)
@with_database
async def member_block(slug: str, email: str) -> None:
    """Keep a member out until unblocked: sessions, open pages and tokens end at once."""
    await _set_member_state(slug, email, "blocked")


@member.command("unblock")
@click.option("--tenant", "slug", required=True)
@click.option("--email", required=True)
@with_database
async def member_unblock(slug: str, email: str) -> None:
    """Let a blocked member in again. Earlier tokens stay revoked."""
    await _set_member_state(slug, email, "active")


@member.command("remove")
@click.option("--tenant", "slug", required=True)
@click.option("--email", required=True)
@with_database
async def member_remove(slug: str, email: str) -> None:
    """End a membership: sessions, open pages and tokens end at once. The person's requests stay on record."""
    await _set_member_state(slug, email, "removed")
