"""What every command of the command line shares: settings, the database, and refusals as one line on stderr."""

import asyncio
import errno
import functools
import os
from collections.abc import Callable, Container, Coroutine
from typing import Any, ParamSpec, TypeVar

import click

from backend.core.database_errors import describe
from backend.core.errors import AppError
from backend.settings import SettingError, Settings, read_settings, unknown_settings

P = ParamSpec("P")
R = TypeVar("R")


class CommandFailed(click.ClickException):
    """A refusal: one line on stderr, exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's own signature
        click.echo(f"fleetline: {self.message}", err=True)


def counted(number: int, what: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


class Commands(click.Group):
    """The command line: what goes wrong with a file or a setting is one line that names it."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            # Whoever reads the output has seen enough: click ends the process quietly
            if error.errno == errno.EPIPE:
                raise
            raise CommandFailed(file_problem(error)) from None
        except SettingError as error:
            raise CommandFailed(str(error)) from None


def file_problem(error: OSError) -> str:
    """What is wrong with which file; the output and files that are being written have no name."""
    where = error.filename if error.filename is not None else "a file or the output"
    return f"{where}: {error.strerror or error}"


def settings_here() -> Settings:
    """The settings of this process. Raises CommandFailed, naming the variable or the carrier profile at fault."""
    from backend.catalog.profiles import ProfileError, load_profiles

    try:
        _use_demo_when_alone()
        _say_unknown()
        settings = read_settings()
        _check_codes(settings, load_profiles(settings.profiles))
    except (SettingError, ProfileError) as error:
        raise CommandFailed(str(error)) from None
    return settings


def _check_codes(settings: Settings, profiles: Container[str]) -> None:
    """Raise SettingError for a carrier that nobody described."""
    for name, codes in (
        ("FLEETLINE_CARRIER_URLS", settings.carrier_urls),
        ("FLEETLINE_CARRIER_SECRETS", settings.carrier_secrets),
    ):
        for code in codes:
            if code not in profiles:
                raise SettingError(f"{name} names the carrier {code}, and no profile has this code")


def _say_unknown() -> None:
    if unknown := unknown_settings():
        click.echo(f"fleetline: not a setting, and not read: {', '.join(unknown)}", err=True)


def _use_demo_when_alone() -> None:
    """Without settings of their own, commands in a clone speak to its demo."""
    if "FLEETLINE_DATABASE_URL" not in os.environ:
        from backend.demo.run import running_demo

        os.environ.update(running_demo())


def reason(error: Exception) -> str | None:
    """The line that says what was refused or does not work; None for a bug, and for what is wrong with a file."""
    from backend.database import DatabaseNotUsable, SchemaNotCurrent
    from backend.issuer.keys import KeysDoNotOpen, NoSigningKey
    from tenants.logins import UnsafeDatabaseRole

    if isinstance(error, AppError):
        return error.message
    refusals = (
        SettingError
        | UnsafeDatabaseRole
        | SchemaNotCurrent
        | DatabaseNotUsable
        | KeysDoNotOpen
        | NoSigningKey
    )
    if isinstance(error, refusals):
        return str(error)
    return describe(error)


def run(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine of a command or process; turn what is expected into one line."""
    try:
        return asyncio.run(work)
    except Exception as error:
        if words := reason(error):
            raise CommandFailed(words) from None
        raise


def with_database(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Run a command's coroutine with the app's pool open; turn what is expected into one line."""

    async def work(*args: P.args, **kwargs: P.kwargs) -> R:
        import backend.subscriptions  # noqa: F401 - a command may emit facts, as everybody may
        from backend import runtime
        from backend.database import open_database
        from tenants.transaction import engine, use_engine

        settings = settings_here()
        runtime.use_settings(settings)
        use_engine(settings.database_url)
        await open_database(size=2)
        try:
            return await function(*args, **kwargs)
        finally:
            await engine().close()

    @functools.wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        return run(work(*args, **kwargs))

    return command


def serving(function: Callable[[Settings], Coroutine[Any, Any, None]]) -> None:
    """Run a process until it is told to stop."""
    run(function(settings_here()))
