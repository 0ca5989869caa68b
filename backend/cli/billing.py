"""Invoices: reading files of them, and what became of each document."""

import asyncio
import csv
from collections import Counter
from pathlib import Path

import click

from backend.command import CommandFailed, with_database

HEADER = ("name", "outcome", "issuer", "type", "number", "rules", "reason")


@click.group()
def billing() -> None:
    """Invoices of customers, as the operator's billing system makes them."""


@billing.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--check", is_flag=True, help="Only say what the rules find; nothing is kept.")
@with_database
async def billing_import(files: tuple[Path, ...], *, check: bool) -> None:
    """Read invoices and credit notes: UBL XML one by one or as ZIP, charges as CSV (docs/billing.md).

    What became of each document stands in FILE.result.csv. A file may be read again: nothing is booked twice.
    """
    failed = 0
    for file in files:
        failed += await _read(file, check=check)
    if failed:
        raise CommandFailed(f"{failed} documents were not taken: see the result files")


async def _read(file: Path, *, check: bool) -> int:
    """Read one file; returns how many documents were not taken."""
    from backend.billing.intake.rules_process import RulesProcess
    from backend.billing.intake.runs import take_each
    from backend.billing.intake.sources import LARGEST_FILE
    from backend.billing.intake.taking_charges import work_of
    from backend.billing.lifecycle import ImportOutcome
    from backend.runtime import settings
    from tenants.operator_scope import OPERATOR_SCOPE
    from tenants.scope import Actor

    content = await asyncio.to_thread(_content, file, LARGEST_FILE)
    works = await asyncio.to_thread(work_of, file.name, content)
    counts, result = Counter[str](), file.with_name(f"{file.name}.result.csv")
    with result.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER)
        async with RulesProcess(settings().peppol_stylesheet) as rules:
            each = take_each(Actor(OPERATOR_SCOPE), works, range(len(works)), rules.check, check_only=check)
            async for _, one in each:
                counts[one.outcome] += 1
                writer.writerow(
                    (
                        one.name,
                        one.outcome,
                        one.issuer,
                        one.type_code,
                        one.number,
                        " ".join(one.rules),
                        one.reason,
                    )
                )
                if one.outcome is ImportOutcome.REFUSED:
                    click.echo(f"{one.name}: {one.reason}", err=True)
    said = ", ".join(f"{outcome}: {count}" for outcome, count in sorted(counts.items()))
    click.echo(f"{file}: {said or 'nothing'}")
    return counts[ImportOutcome.REFUSED]


def _content(file: Path, most: int) -> bytes:
    """The bytes of a file. Raises CommandFailed for one that is too large for memory."""
    if file.stat().st_size > most:
        raise CommandFailed(f"{file} is larger than {most // 1024 // 1024} MB: divide it")
    return file.read_bytes()


@billing.group()
def statements() -> None:
    """Statements of the operator's bank accounts, as CODA or CAMT.053."""


@statements.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@with_database
async def statements_import(files: tuple[Path, ...]) -> None:
    """Read bank statements and match their payments with invoices.

    A file may be read again: nothing is booked twice. A statement that is held says why, and the others are taken.
    """
    failed = 0
    for file in files:
        failed += await _take_statements(file)
    if failed:
        raise CommandFailed(f"{failed} files or statements were not taken: the reasons are above")


async def _take_statements(file: Path) -> int:
    """Take the statements of one file; returns how many things were not taken."""
    from backend.billing.bank.decisions import movement_counts
    from backend.billing.bank.keeping import take_file
    from backend.billing.bank.matching import match_statement
    from backend.billing.lifecycle import StatementState
    from backend.core.errors import FileRejected
    from tenants.operator_scope import OPERATOR_SCOPE
    from tenants.scope import Actor

    actor = Actor(OPERATOR_SCOPE)
    try:
        taken = await take_file(actor, name=file.name, content=await asyncio.to_thread(_beginning, file))
    except FileRejected as refused:
        click.echo(f"{file}: {refused.message}", err=True)
        return 1
    held = 0
    for one in taken:
        said = f"{file}: statement {one.number} of {one.account}"
        if one.state is StatementState.IMPORTED:
            # The worker would do the same; whoever comes second finds it done
            await match_statement(actor, statement_id=str(one.id))
            counts = await movement_counts(actor, one.id)
            each = ", ".join(f"{state}: {count}" for state, count in sorted(counts.items()))
            click.echo(f"{said}: {'was there' if one.repeated else 'imported'}, {each or 'no movements'}")
        else:
            held += one.state is StatementState.HELD
            click.echo(f"{said}: {one.state}: {one.reason}", err=True)
    return held


def _beginning(file: Path) -> bytes:
    """The bytes of a file. Of one that is too large no more than shows it: the reader refuses that."""
    from backend.billing.bank.keeping import LARGEST_FILE

    with file.open("rb") as stream:
        return stream.read(LARGEST_FILE + 1)
