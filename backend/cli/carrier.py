"""What comes from the carriers: messages that were set aside, and readings of the inventory that are held."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import click

from backend.cli.tenants import actor_of
from backend.command import counted, with_database


@click.group()
def carrier() -> None:
    """Messages of carriers that were set aside, and inventories that are held."""


async def _tenants(slug: str | None) -> AsyncIterator[tuple[str, Any]]:
    """The tenant that is named, or every active one: its slug, and the product acting for it."""
    from backend.core.messaging.jobs import job_scope
    from tenants.directory import each_tenant
    from tenants.tenant_info import tenant_info

    if slug:
        yield slug, await actor_of(slug)
        return
    async for actor in each_tenant():
        async with job_scope(actor) as scope:
            name = (await tenant_info(scope)).slug
        yield name, actor


@carrier.command("messages")
@click.option("--tenant", "slug", help="Of one tenant only.")
@with_database
async def carrier_messages(slug: str | None) -> None:
    """List the messages that are open: tenant, id, source, reference or subject, how often, when, why."""
    from backend.orders.operator.carrier_messages import carrier_messages as messages_of

    async for name, actor in _tenants(slug):
        for one in await messages_of(actor):
            about = one.reference or one.subject or "-"
            at = f"{one.last_at:%Y-%m-%dT%H:%M:%SZ}"
            click.echo(f"{name} {one.id} {one.source} {about} {one.times}x {at} {one.why}")


@carrier.command("show")
@click.option("--tenant", "slug", required=True)
@click.argument("message", type=click.UUID)
@with_database
async def carrier_show(slug: str, message: UUID) -> None:
    """Print the text of a message, without secrets of SIMs."""
    from backend.orders.operator.carrier_messages import read_carrier_message

    click.echo((await read_carrier_message(await actor_of(slug), message)).body)


@carrier.command("retry")
@click.option("--tenant", "slug", required=True)
@click.argument("message", type=click.UUID)
@with_database
async def carrier_retry(slug: str, message: UUID) -> None:
    """Try a message again: a callback is applied, for any other the carrier is asked anew."""
    from backend.orders.operator.carrier_messages import retry_carrier_message

    tried = await retry_carrier_message(await actor_of(slug), message)
    click.echo("applied" if tried.done else "the carrier is asked anew")


@carrier.command("dismiss")
@click.option("--tenant", "slug", required=True)
@click.argument("message", type=click.UUID)
@with_database
async def carrier_dismiss(slug: str, message: UUID) -> None:
    """Close a message without applying it."""
    from backend.orders.operator.carrier_messages import dismiss_carrier_message

    await dismiss_carrier_message(await actor_of(slug), message)
    click.echo("dismissed")


@carrier.command("held")
@click.option("--tenant", "slug", help="Of one tenant only; needed with --end and --keep.")
@click.option("--end", "decision", flag_value="end", help="The lines have ended.")
@click.option("--keep", "decision", flag_value="keep", help="The lines are kept.")
@click.option("--lines", type=int, help="How many lines were listed: needed with --end and --keep.")
def carrier_held(slug: str | None, decision: str | None, lines: int | None) -> None:
    """List the readings of inventories that would end more than a few lines, or decide one."""
    if decision is None:
        _list_held(slug)
        return
    if slug is None or lines is None:
        raise click.UsageError("Give --tenant and --lines with --end or --keep.")
    _decide_held(slug, end_lines=decision == "end", lines=lines)


@with_database
async def _list_held(slug: str | None) -> None:
    from backend.lines.intake.held_reading import operator_held_reading

    async for name, actor in _tenants(slug):
        if held := await operator_held_reading(actor):
            click.echo(
                f"{name}: {held.lines} of {counted(held.alive, 'line')} since {held.since:%Y-%m-%dT%H:%M:%SZ}"
            )
            for line in held.first:
                click.echo(f"{name}: {line.msisdn} {line.status} {line.name}")


@with_database
async def _decide_held(slug: str, *, end_lines: bool, lines: int) -> None:
    from backend.lines.intake.held_reading import operator_decide_held_reading

    ended = await operator_decide_held_reading(await actor_of(slug), end_lines=end_lines, lines=lines)
    click.echo(f"ended: {ended}")
