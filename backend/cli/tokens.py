"""Bearer tokens of members and of the operator's staff: make, list, revoke."""

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from backend.cli.tenants import actor_of
from backend.command import CommandFailed, with_database


@click.group()
def token() -> None:
    """Bearer tokens for the REST interface."""


@token.command("create")
@click.option("--tenant", "slug")
@click.option("--member", "email", metavar="EMAIL")
@click.option("--operator", metavar="NAME", help="A person of the operator's staff; belongs to no tenant.")
@click.option("--label", default="")
@click.option(
    "--days", default=365, show_default=True, help="It ends by itself after so many days: 1 to 365."
)
def token_create(slug: str | None, email: str | None, operator: str | None, label: str, days: int) -> None:
    """Print a new token, and nothing else; it is shown this once."""
    if (bool(slug), bool(email), operator is not None) not in {(True, True, False), (False, False, True)}:
        raise click.UsageError("Give --tenant and --member, or --operator.")
    _create_token(slug or "", email or "", operator, label, days)


@with_database
async def _create_token(slug: str, email: str, operator: str | None, label: str, days: int) -> None:
    from backend.members.operators import create_operator_token
    from backend.members.tokens import create_token

    if operator is not None:
        click.echo(await create_operator_token(operator, days=days))
        return
    actor = await actor_of(slug)
    click.echo(await create_token(actor, await _member(actor, slug, email), label=label, days=days))


async def _member(actor: Any, slug: str, email: str) -> Any:
    """The active member with this address. Raises CommandFailed where there is none."""
    from backend.core.errors import NotFound
    from backend.members.service import find_member

    try:
        return await find_member(actor, email)
    except NotFound:
        raise CommandFailed(f"{slug} has no active member {email!r}") from None


@token.command("list")
@click.option("--tenant", "slug", help="The tokens of its members.")
@click.option("--operators", is_flag=True, help="The tokens of the operator's staff.")
def token_list(slug: str | None, *, operators: bool) -> None:
    """Print each token on one line: id, whose, until when or since when revoked, last use, label."""
    if bool(slug) == operators:
        raise click.UsageError("Give --tenant or --operators.")
    _list_tokens(slug)


@with_database
async def _list_tokens(slug: str | None) -> None:
    from backend.members.operators import list_operator_tokens
    from backend.members.tokens import list_tokens

    if slug is None:
        for staff in await list_operator_tokens():
            until = _until(staff.expires_at, staff.revoked_at)
            click.echo(f"{staff.id}\t{staff.name}\t{until}\t{_used(staff.last_used_at)}")
        return
    for one in await list_tokens(await actor_of(slug)):
        until = _until(one.expires_at, one.revoked_at)
        click.echo(f"{one.id}\t{one.member}\t{until}\t{_used(one.last_used_at)}\t{one.label}")


def _until(expires_at: datetime, revoked_at: datetime | None) -> str:
    return f"revoked {revoked_at:%Y-%m-%d}" if revoked_at else f"until {expires_at:%Y-%m-%d}"


def _used(at: datetime | None) -> str:
    return f"used {at:%Y-%m-%d}" if at else "never used"


@token.command("revoke")
@click.option("--operator", metavar="NAME", help="Ends every token of this person of the staff.")
@click.option("--tenant", "slug")
@click.option("--member", "email", metavar="EMAIL", help="Ends every token of this member.")
@click.option("--id", "token_id", type=click.UUID, help="Ends this one, as `token list` names it.")
def token_revoke(operator: str | None, slug: str | None, email: str | None, token_id: UUID | None) -> None:
    """End tokens, at once and in every process."""
    of_tenant = bool(slug) and (email is None) != (token_id is None)
    if (operator is None) != of_tenant or (operator is not None and (slug or email or token_id)):
        raise click.UsageError("Give --operator, or --tenant with --member or --id.")
    _revoke_tokens(operator, slug or "", email, token_id)


@with_database
async def _revoke_tokens(operator: str | None, slug: str, email: str | None, token_id: UUID | None) -> None:
    from backend.members.operators import revoke_operator_tokens
    from backend.members.tokens import revoke_token, revoke_tokens_of

    if operator is not None:
        click.echo(f"revoked: {await revoke_operator_tokens(operator)}")
        return
    actor = await actor_of(slug)
    if token_id is not None:
        await revoke_token(actor, token_id)
        click.echo("revoked: 1")
        return
    click.echo(f"revoked: {await revoke_tokens_of(actor, await _member(actor, slug, email or ''))}")
