"""Lines of customers: their import, stock of SIM cards and numbers, and usage."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click

from backend.cli.tenants import actor_of
from backend.command import CommandFailed, counted, with_database
from backend.tabular.problems import RowProblem

# Bytes of a file that is read as a whole
LARGEST_FILE = 100 * 1024 * 1024


def read_whole(file: IO[bytes]) -> bytes:
    """The bytes of a file. Refuses one that is too large for memory."""
    content = file.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise CommandFailed(f"the file is larger than {LARGEST_FILE // 1024 // 1024} MB: divide it")
    return content


def print_problems(problems: Sequence[RowProblem]) -> None:
    """One line for each on stderr: the row, the column, and what is wrong."""
    for problem in problems:
        place = f"row {problem.row}, {problem.column}" if problem.column else f"row {problem.row}"
        click.echo(f"{place}: {problem.message()}", err=True)


@click.group()
def fleet() -> None:
    """Lines of a customer."""


@fleet.command("import")
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--tenant", "slug")
@click.option("--skip-bad-rows", is_flag=True, help="Import the good rows although others have errors.")
@click.option("--template", is_flag=True, help="Print the header that the file must have, and nothing else.")
def fleet_import(file: IO[bytes] | None, slug: str | None, *, skip_bad_rows: bool, template: bool) -> None:
    """Import lines from a CSV or XLSX file. All or nothing, unless bad rows may be skipped."""
    from backend.lines.intake.file_columns import COLUMNS

    if template:
        click.echo(",".join(COLUMNS))
        return
    if file is None or slug is None:
        raise click.UsageError("Give FILE and --tenant, or --template.")
    _import(read_whole(file), slug, skip_bad_rows=skip_bad_rows)


@with_database
async def _import(content: bytes, slug: str, *, skip_bad_rows: bool) -> None:
    from backend.lines.intake.file_import import import_lines

    result = await import_lines(await actor_of(slug), content, skip_bad_rows=skip_bad_rows)
    print_problems(result.errors)
    click.echo(f"imported: {result.imported}")
    if result.errors and not skip_bad_rows:
        raise CommandFailed(f"nothing was imported: {counted(len(result.errors), 'error')}")


@click.group()
def sim() -> None:
    """Blank SIM cards of a customer."""


@sim.command("add")
@click.option("--tenant", "slug", required=True)
@click.argument("file", type=click.File("rb"), default="-")
@with_database
async def sim_add(slug: str, file: IO[bytes]) -> None:
    """Take delivered blank cards into stock: one SIM number a row, from FILE (CSV or XLSX) or standard input."""
    from backend.lines.sims.stock_file import add_sims_of_file

    taken = await add_sims_of_file(await actor_of(slug), read_whole(file))
    click.echo(f"{taken.added} added")
    print_problems(taken.problems)
    if taken.problems:
        raise SystemExit(1)


@click.group()
def number() -> None:
    """Numbers kept for a customer."""


@number.command("reserve")
@click.option("--tenant", "slug", required=True)
@click.argument("numbers", nargs=-1, required=True)
@with_database
async def number_reserve(slug: str, numbers: tuple[str, ...]) -> None:
    """Keep Belgian mobile numbers for a customer's new lines."""
    from backend.lines.sims.stock import reserve_numbers

    print_stock_result(await reserve_numbers(await actor_of(slug), numbers))


def print_stock_result(taken: Any) -> None:
    """How many were taken in; exit code 1 where some were not."""
    click.echo(f"{taken.added} added")
    for words, left_out in (("not valid", taken.wrong), ("in use", taken.in_use)):
        for text in left_out:
            click.echo(f"{words}: {text}", err=True)
    if taken.wrong or taken.in_use:
        raise SystemExit(1)


@click.group()
def usage() -> None:
    """Usage of lines, as carriers rate it."""


@usage.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tenant", "slugs", multiple=True, help="Only numbers of this tenant; repeatable.")
@with_database
async def usage_import(file: Path, slugs: tuple[str, ...]) -> None:
    """Load usage records or bundle states of any number of tenants (docs/usage.md). A file may be loaded again."""
    from backend.usage.importing import import_file, rejected_path

    only = [(await actor_of(slug)).tenant_id for slug in slugs]
    result = await import_file(file, only=only)
    click.echo(f"rows: {result.rows}, new: {result.taken}, known: {result.repeated}")
    if result.rejected:
        were = "was" if result.rejected == 1 else "were"
        raise CommandFailed(f"{counted(result.rejected, 'row')} {were} rejected: see {rejected_path(file)}")
