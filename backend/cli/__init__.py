"""The command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Errors go to stderr, results to stdout."""

import click

from backend.cli import billing, carrier, database, lines, orders, processes, tenants, tokens
from backend.command import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fleetline")
def main() -> None:
    """Fleetline: a self-service portal for business mobile customers."""


for command in (
    processes.demo,
    processes.web,
    processes.worker,
    processes.schedule,
    processes.sandbox,
    database.migrate,
    database.db,
    database.backup,
    database.restore,
    database.rotate_key,
    tenants.tenant,
    tenants.member,
    tokens.token,
    lines.fleet,
    lines.sim,
    lines.number,
    lines.usage,
    carrier.carrier,
    billing.billing,
    orders.order,
    orders.jobs,
):
    main.add_command(command)
