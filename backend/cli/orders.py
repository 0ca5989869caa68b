"""Where a request stands, and jobs that were given up."""

from datetime import datetime
from typing import Any
from uuid import UUID

import click

from backend.cli.tenants import actor_of
from backend.command import CommandFailed, counted, with_database


@click.group()
def order() -> None:
    """Requests of customers."""


@order.command("show")
@click.argument("reference")
@with_database
async def order_show(reference: str) -> None:
    """Print where a request stands: its items, its jobs that have not finished, carriers' messages set aside."""
    from backend.orders.operator.order_report import order_report
    from tenants.directory import find_order
    from tenants.scope import Actor

    found = await find_order(reference.strip().upper())
    if found is None:
        raise CommandFailed(f"no company has a request {reference!r}")
    report = await order_report(Actor(found.tenant_id), reference.strip().upper())
    one = report.order
    _echo("request", one.reference, one.kind, one.state, f"{one.flag} {one.end_reason}".strip())
    _echo("company", report.tenant, f"carrier {report.carrier}")
    _echo(
        "asked",
        _at(one.requested_at),
        f"undo until {_at(one.grace_until)}",
        f"planned for {one.due_on or '-'}",
    )
    _echo("submitted", _at(one.submitted_at), f"ended {_at(one.ended_at)}")
    for item in report.items:
        heard = f"asked {_at(item.last_contact_at)}, said {_at(item.reported_at)}"
        batch = f"batch {item.batch_id}" if item.batch_id else ""
        at_carrier = f"at the carrier {item.carrier_order_id or '-'}"
        _echo("item", item.id, item.state, item.reason, item.msisdn, at_carrier, batch, heard, item.detail)
    if len(report.items) < one.lines:
        _echo("items", f"{one.lines - len(report.items)} more")
    for job in report.jobs:
        state = f"given up {_at(job.failed_at)}" if job.failed_at else f"due {_at(job.not_before)}"
        _echo("job", job.id, job.job, state, counted(job.attempts, "failed attempt"), job.last_error)
    for message in report.messages:
        _echo("message", message.id, message.source, f"{message.times}x", _at(message.last_at), message.why)


def _echo(*cells: object) -> None:
    """One line; cells that are empty are left out."""
    click.echo("\t".join(" ".join(str(cell).split()) for cell in cells if str(cell)))


def _at(at: datetime | None) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else "-"


@click.group()
def jobs() -> None:
    """Work in the background that was given up."""


async def _companies(slug: str | None) -> list[Any]:
    from tenants.directory import every_tenant
    from tenants.scope import Actor

    return [await actor_of(slug)] if slug else [Actor(tenant) for tenant in await every_tenant()]


@jobs.command("failed")
@click.option("--tenant", "slug", help="Of one company only.")
@with_database
async def jobs_failed(slug: str | None) -> None:
    """Print each job that was given up: company, id, job, request, attempts, when, why."""
    from backend.core.messaging.failed_jobs import failed_jobs
    from backend.core.messaging.jobs import tenant_field

    for actor in await _companies(slug):
        for one in await failed_jobs(actor):
            company = await tenant_field(actor.tenant_id)
            _echo(
                company, one.id, one.job, one.order or "-", one.attempts, _at(one.failed_at), one.last_error
            )


@jobs.command("retry")
@click.argument("job", type=click.UUID, required=False)
@click.option("--tenant", "slug", help="Of one company only.")
@click.option("--all", "every", is_flag=True, help="Each that was given up.")
def jobs_retry(job: UUID | None, slug: str | None, *, every: bool) -> None:
    """Have a job that was given up run again, with all its attempts."""
    if (job is None) != every:
        raise click.UsageError("Give a job's id, or --all.")
    _retry(job, slug)


@with_database
async def _retry(job: UUID | None, slug: str | None) -> None:
    from backend.core.errors import NotFound
    from backend.core.messaging.failed_jobs import retry_jobs

    retried = 0
    for actor in await _companies(slug):
        try:
            retried += await retry_jobs(actor, job)
        except NotFound:
            # It is another company's
            continue
    if job is not None and not retried:
        raise CommandFailed(f"no job {job} was given up")
    click.echo(f"run again: {retried}")
