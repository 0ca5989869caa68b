"""Customers, the people who sign in for them, and their tokens."""

import sys
from typing import Any

import click

from backend.command import CommandFailed, settings_here, with_database


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
    from backend.catalog.profiles import load_profiles
    from backend.lines.organisations import add_billing_account, add_organisation
    from backend.members.tenants import create_tenant
    from tenants.scope import Actor

    known = load_profiles(settings_here().profiles)
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


@click.group()
def token() -> None:
    """Bearer tokens for the REST interface."""


@token.command("create")
@click.option("--tenant", "slug")
@click.option("--member", "email", metavar="EMAIL")
@click.option("--operator", metavar="NAME", help="A person of the operator's staff; belongs to no tenant.")
@click.option("--label", default="")
def token_create(slug: str | None, email: str | None, operator: str | None, label: str) -> None:
    """Print a new token, and nothing else; it is shown this once."""
    if (bool(slug), bool(email), operator is not None) not in {(True, True, False), (False, False, True)}:
        raise click.UsageError("Give --tenant and --member, or --operator.")
    _create_token(slug or "", email or "", operator, label)


@with_database
async def _create_token(slug: str, email: str, operator: str | None, label: str) -> None:
    from backend.members.operators import create_operator_token
    from backend.members.service import find_member
    from backend.members.tokens import create_token

    if operator is not None:
        click.echo(await create_operator_token(operator))
        return
    actor = await actor_of(slug)
    click.echo(await create_token(actor, await find_member(actor, email), label=label))


@token.command("revoke")
@click.option("--operator", required=True, metavar="NAME", help="Ends every token of this person.")
@with_database
async def token_revoke(operator: str) -> None:
    """End the operator tokens of a person, at once and in every process."""
    from backend.members.operators import revoke_operator_tokens

    click.echo(f"revoked: {await revoke_operator_tokens(operator)}")
