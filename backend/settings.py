"""Everything a deployment can set, read once from the environment (prefix FLEETLINE_) into one frozen object."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PREFIX = "FLEETLINE_"


class SettingError(ValueError):
    """A setting is missing or wrong; the sentence says which one and what to do."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs this deployment: shown at sign-in and in the footer of every mail."""

    name: str = "Comptoir Mobile"
    address: str = "avenue des Agrumes 12, 1000 Bruxelles"
    vat_number: str = "BE 0888.888.895"
    support_email: str = "aide@comptoir-mobile.example"
    support_phone: str = "+32 2 888 88 88"


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment. Durations are seconds, addresses are URLs without a trailing slash."""

    # The app's login: owns nothing, cannot bypass policies
    database_url: str
    # Migrations only
    owner_database_url: str = ""
    # Sees the outbox and nothing else
    relay_database_url: str = ""
    # Empty: in the worker process; amqp://… or redis://…
    broker_url: str = ""
    # Another name where two deployments share one broker
    broker_queue: str = "fleetline"
    # A job handed over and not finished by then is handed over again
    lease_seconds: float = 60.0
    public_url: str = "http://localhost:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    # Empty: /metrics answers loopback only
    metrics_token: str = ""
    # Whose X-Forwarded-For is believed
    trusted_proxies: tuple[str, ...] = ()
    # First encrypts, all decrypt
    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    # For tenants without their own
    grace_seconds: int = 30
    # Carrier code -> TMF base address
    carrier_urls: Mapping[str, str] = field(default_factory=dict)
    carrier_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Requests under way at once, per carrier and worker process
    carrier_concurrency: int = 16
    # Silence after which an item is asked for
    carrier_poll_seconds: float = 20.0
    # A folder of carrier profiles beside the built-in ones
    profiles: Path | None = None
    smtp_url: str = "smtp://127.0.0.1:8025"
    mail_from: str = "Fleetline <portail@comptoir-mobile.example>"
    # Base address of a gateway that speaks TMF681; empty: no SMS is sent
    sms_url: str = ""
    sms_token: str = field(default="", repr=False)
    # What a telephone shows as sender
    sms_sender: str = "Fleetline"
    pool_size: int = 8
    # Accounts of the operator whose statements are taken
    operator_ibans: tuple[str, ...] = ()
    operator: Operator = field(default_factory=Operator)

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over HTTPS: cookies get the `__Host-` prefix then."""
        return self.public_url.startswith("https://")

    @property
    def issuer(self) -> str:
        """The built-in OpenID provider's issuer identifier."""
        return f"{self.public_url}/id"


def _pairs(text: str) -> dict[str, str]:
    """`code=value,code=value` as a mapping."""
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {code.strip(): value.strip() for code, _, value in pairs}


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _ibans(text: str) -> tuple[str, ...]:
    """Numbers of accounts without spaces. Raises ValueError for one that fails its check."""
    from stdnum import iban

    found = tuple("".join(part.split()).upper() for part in _words(text))
    if not all(iban.is_valid(one, check_country=False) for one in found):
        raise ValueError(text)
    return found


READERS: dict[str, Callable[[str], object]] = {
    "port": int,
    "pool_size": int,
    "grace_seconds": int,
    "carrier_concurrency": int,
    "carrier_poll_seconds": float,
    "lease_seconds": float,
    "trusted_proxies": _words,
    "secret_keys": _words,
    "carrier_urls": _pairs,
    "carrier_secrets": _pairs,
    "profiles": Path,
    "operator_ibans": _ibans,
    "public_url": lambda text: text.rstrip("/"),
    "sms_url": lambda text: text.rstrip("/"),
}


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Raises SettingError, naming the variable, where one is missing or cannot be read.
    """
    source = os.environ if environ is None else environ
    values: dict[str, object] = {}
    operator: dict[str, str] = {}
    for name, text in source.items():
        if not name.startswith(PREFIX) or text == "":
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.startswith("operator_") and key.removeprefix("operator_") in Operator.__dataclass_fields__:
            operator[key.removeprefix("operator_")] = text
        elif key in Settings.__dataclass_fields__:
            try:
                values[key] = READERS.get(key, str)(text)
            except ValueError:
                raise SettingError(f"{name} cannot be read: {text!r} has the wrong form") from None
    if not values.get("database_url"):
        raise SettingError("FLEETLINE_DATABASE_URL is not set: give the app's login, or run `fleetline demo`")
    if operator:
        values["operator"] = Operator(**operator)
    grace = values.get("grace_seconds", 30)
    if not isinstance(grace, int) or not 0 <= grace <= 600:
        raise SettingError("FLEETLINE_GRACE_SECONDS must be between 0 and 600 (ten minutes)")
    return Settings(**values)  # type: ignore[arg-type]
