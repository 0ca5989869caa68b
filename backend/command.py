"""What every command of the command line shares: settings, the database, and refusals as one line on stderr."""

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable, Container, Coroutine
from typing import Any, ParamSpec, TypeVar

import asyncpg
import click

from backend.core.errors import AppError
from backend.settings import SettingError, Settings, read_settings, unknown_settings

P = ParamSpec("P")
R = TypeVar("R")


class CommandFailed(click.ClickException):
    """A refusal: one line on stderr, exit code 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:  # noqa: ARG002 - click's own signature
        click.echo(f"fleetline: {self.message}", err=True)


def settings_here() -> Settings:
    """The settings of this process. Raises CommandFailed, naming the variable or the carrier profile at fault."""
    from backend.catalog.profiles import ProfileError, load_profiles

    _use_demo_when_alone()
    _say_unknown()
    try:
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


def refused() -> tuple[type[Exception], ...]:
    """What is raised where a setting is missing, or a database answers but must not be used."""
    from backend.database import SchemaNotCurrent
    from tenants.transaction import UnsafeDatabaseRole

    return SettingError, UnsafeDatabaseRole, SchemaNotCurrent


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
        try:
            return asyncio.run(work(*args, **kwargs))
        except AppError as error:
            raise CommandFailed(error.message) from None
        except refused() as error:
            raise CommandFailed(str(error)) from None
        except (OSError, asyncpg.PostgresError) as error:
            raise CommandFailed(f"the database does not answer: {error}") from None

    return command


def serving(function: Callable[[Settings], Awaitable[None]]) -> None:
    """Run a process until it is told to stop."""
    settings = settings_here()
    try:
        asyncio.run(function(settings))  # type: ignore[arg-type]
    except refused() as error:
        raise CommandFailed(str(error)) from None
    except (OSError, asyncpg.PostgresError) as error:
        raise CommandFailed(f"the database does not answer: {error}") from None
