"""`fleetline demo`: database, migrations, data, then every process under honcho until Ctrl-C."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import asyncpg
import msgspec

from backend import provision, runtime
from backend.backup import restore
from backend.core.secrets import SecretBox
from backend.demo.invoices import IBAN
from backend.demo.payments import pay_in_own_loop
from backend.demo.seed import seed
from backend.demo.supervisor import FOLDER, supervise
from backend.embedded_postgres import EmbeddedPostgres
from backend.issuer.keys import SigningKeys
from backend.ports import check_free, free_port, read_port
from backend.settings import SettingError, read_settings
from tenants.transaction import engine, use_engine

DATABASE = "fleetline"
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class DemoError(SettingError):
    """The demo cannot start or go on; the sentence says what to do."""


def run_demo(*, reset: bool) -> int:
    """Run until a signal; returns the exit code. Raises DemoError or SettingError where the demo cannot start."""
    ports = {
        "FLEETLINE_PORT": read_port("FLEETLINE_PORT", 8000),
        "FLEETLINE_SANDBOX_PORT": read_port("FLEETLINE_SANDBOX_PORT", 8010),
        "FLEETLINE_SANDBOX_MAIL_PORT": read_port("FLEETLINE_SANDBOX_MAIL_PORT", free_port()),
    }
    for name, number in ports.items():
        if twice := [other for other in ports if other > name and ports[other] == number]:
            raise DemoError(f"{name} and {twice[0]} are both {number}: choose two ports")
        check_free(name, number)
    port, sandbox_port = ports["FLEETLINE_PORT"], ports["FLEETLINE_SANDBOX_PORT"]
    with _alone():
        if reset:
            _reset()
        return _run(port, sandbox_port)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other demos out of the folder until the block ends. Raises DemoError where one runs."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError("a demo runs in this folder already: end that one first") from None
        yield


def restore_demo(file: Path) -> None:
    """Replace the database of the demo that does not run. Raises DemoError, DatabaseError, BackupError."""
    with _alone():
        server = EmbeddedPostgres(FOLDER)
        url = server.start()
        try:
            asyncio.run(_replace_database(url, file))
        finally:
            server.stop()


async def _replace_database(admin_url: str, file: Path) -> None:
    """Restore beside the present database, then take its place: a file that is no backup changes nothing."""
    aside = f"{DATABASE}_restored"
    secret = _secrets()
    passwords = {role: secret[role] for role in provision.LOGINS}
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{aside}" WITH (FORCE)')
        # The demo's server is its own, and its passwords are those of secrets.json
        await restore(admin_url, aside, file, passwords, new_passwords=True)
        await connection.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        await connection.execute(f'ALTER DATABASE "{aside}" RENAME TO "{DATABASE}"')
    finally:
        await connection.close()


def _run(port: int, sandbox_port: int) -> int:
    # Until honcho takes over: leave by the `finally` below
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    server = EmbeddedPostgres(FOLDER)
    try:
        server.start()
        environment = _environment(server, port, sandbox_port)
        os.environ.update(environment)
        asyncio.run(_prepare(server))
        threading.Thread(target=lambda: asyncio.run(pay_in_own_loop()), daemon=True).start()
        return supervise(port, sandbox_port)
    finally:
        server.stop()


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _reset() -> None:
    """Forget everything but the lock that this process holds."""
    server = EmbeddedPostgres(FOLDER)
    server.stop()
    if server.home != FOLDER.resolve():
        shutil.rmtree(server.home, ignore_errors=True)
    for path in FOLDER.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "demo.lock":
            path.unlink()


class Secrets(msgspec.Struct, frozen=True):
    """What stands in secrets.json."""

    keys: Annotated[str, msgspec.Meta(min_length=32)]
    carrier: NonEmpty
    payments: NonEmpty
    webhooks: NonEmpty
    fleetline_owner: NonEmpty
    fleetline_app: NonEmpty
    fleetline_relay: NonEmpty

    def by_name(self) -> dict[str, str]:
        return msgspec.structs.asdict(self)


def _secrets() -> dict[str, str]:
    """Secrets of this demo, made once and kept beside the data."""
    kept = FOLDER / "secrets.json"
    if not kept.exists():
        made = {
            "keys": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "carrier": secrets.token_urlsafe(24),
            # As Stripe's look: the key of a test account, and the secret of its webhooks
            "payments": f"sk_test_{secrets.token_urlsafe(24)}",
            "webhooks": f"whsec_{secrets.token_urlsafe(24)}",
            **{role: secrets.token_urlsafe(24) for role in provision.LOGINS},
        }
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(made))
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Secrets).by_name()
    except msgspec.DecodeError:
        raise DemoError(
            f"{kept} cannot be read: put back what stood there, or start over with `make demo-reset`"
        ) from None


def _environment(server: EmbeddedPostgres, port: int, sandbox_port: int) -> dict[str, str]:
    """The settings of every process."""
    secret = _secrets()
    admin = server.url()
    logins = provision.logins_of(admin, DATABASE, secret)
    sandbox = f"http://localhost:{sandbox_port}"
    mail_port = str(read_port("FLEETLINE_SANDBOX_MAIL_PORT", free_port()))
    return {
        "FLEETLINE_PUBLIC_URL": f"http://localhost:{port}",
        "FLEETLINE_CARRIER_URLS": f"mandarine={sandbox}/mandarine,lynx={sandbox}/lynx",
        "FLEETLINE_OPERATOR_IBANS": IBAN,
        # The payments sandbox; who sets all three tries an account of Stripe's
        "FLEETLINE_STRIPE_KEY": secret["payments"],
        "FLEETLINE_STRIPE_WEBHOOK_SECRET": secret["webhooks"],
        "FLEETLINE_STRIPE_ADDRESS": f"{sandbox}/stripe",
        "FLEETLINE_SMTP_URL": f"smtp://127.0.0.1:{mail_port}",
        "FLEETLINE_SANDBOX_MAIL_PORT": mail_port,
        **{name: value for name, value in os.environ.items() if name.startswith("FLEETLINE_")},
        **logins.environment(),
        "FLEETLINE_PORT": str(port),
        "FLEETLINE_SANDBOX_PORT": str(sandbox_port),
        "FLEETLINE_SECRET_KEYS": secret["keys"],
        "FLEETLINE_CARRIER_SECRETS": f"mandarine={secret['carrier']},lynx={secret['carrier']}",
        "FLEETLINE_SANDBOX_DATA": str((FOLDER / "sandbox").resolve()),
        "REACTPY_ASYNC_RENDERING": "false",
        "PYTHONUNBUFFERED": "1",
    }


def running_demo() -> dict[str, str]:
    """The settings of the demo that runs in this folder; nothing where none runs."""
    if not (FOLDER / "secrets.json").exists():
        return {}
    server = EmbeddedPostgres(FOLDER)
    if not server.ready():
        return {}
    return _environment(server, read_port("FLEETLINE_PORT", 8000), read_port("FLEETLINE_SANDBOX_PORT", 8010))


def running_server() -> str:
    """The superuser's address of the server of the demo that runs in this folder; "" where none runs."""
    if not (FOLDER / "secrets.json").exists():
        return ""
    server = EmbeddedPostgres(FOLDER)
    return server.url() if server.ready() else ""


async def _prepare(server: EmbeddedPostgres) -> None:
    secret = _secrets()
    passwords = {role: secret[role] for role in provision.LOGINS}
    try:
        # The demo's server is its own, and its passwords are those of secrets.json
        await provision.set_up(server.url(), DATABASE, passwords, new_passwords=True)
    except provision.SchemaTooOld:
        raise DemoError(
            f"the data in {FOLDER} was made before the first release: "
            "run `make demo-reset` to start over, or move the folder away to keep it"
        ) from None
    settings = read_settings()
    runtime.use_settings(settings)
    await SigningKeys(SecretBox(settings.secret_keys)).make_first()
    use_engine(settings.database_url)
    await engine().open(size=2)
    await seed()
    await engine().close()
