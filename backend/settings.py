"""Everything a deployment can set, read once from the environment (prefix FLEETLINE_) into one frozen object."""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend import setting_values as values

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
    # Accounts whose statements this deployment takes
    ibans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment. Durations are seconds, addresses are URLs without a trailing slash."""

    # The app's login: owns nothing, cannot bypass policies
    database_url: str = field(repr=False)
    # Migrations only
    owner_database_url: str = field(default="", repr=False)
    # Sees the outbox and nothing else
    relay_database_url: str = field(default="", repr=False)
    # Empty: in the worker process; amqp://… or redis://…
    broker_url: str = field(default="", repr=False)
    # Another name where two deployments share one broker
    broker_queue: str = "fleetline"
    # A job handed over and not finished by then is handed over again
    lease_seconds: float = 60.0
    public_url: str = "http://localhost:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    # Empty: /metrics answers loopback only
    metrics_token: str = field(default="", repr=False)
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
    # The operator's copy of the official rules of Peppol BIS Billing, run beside ours
    peppol_stylesheet: Path | None = None
    smtp_url: str = field(default="smtp://127.0.0.1:8025", repr=False)
    mail_from: str = "Fleetline <portail@comptoir-mobile.example>"
    # Base address of a gateway that speaks TMF681; empty: no SMS is sent
    sms_url: str = ""
    sms_token: str = field(default="", repr=False)
    # What a telephone shows as sender
    sms_sender: str = "Fleetline"
    # Key of the payment service; empty: no invoice is paid online
    stripe_key: str = field(default="", repr=False)
    # Of its webhooks; several while one is replaced
    stripe_webhook_secret: tuple[str, ...] = field(default=(), repr=False)
    # Base address of the service; empty: Stripe itself
    stripe_address: str = ""
    # An invoice of more is not debited: its customer pays it
    debit_limit_euros: int = 10_000
    pool_size: int = 8
    # Days after the due date, one for each reminder; empty: nobody is reminded
    reminder_days: tuple[int, ...] = (7, 21, 35)
    # Language -> key -> the operator's own words in a reminder
    reminder_texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # The last reminder blocks the lines of the customer number until it has paid
    debt_block: bool = False
    operator: Operator = field(default_factory=Operator)

    @property
    def secure(self) -> bool:
        """Whether people reach the portal over HTTPS: cookies get the `__Host-` prefix then."""
        return self.public_url.startswith("https://")

    @property
    def issuer(self) -> str:
        """The built-in OpenID provider's issuer identifier."""
        return f"{self.public_url}/id"


READERS: dict[str, Callable[[str], object]] = {
    "database_url": values.database_url,
    "owner_database_url": values.database_url,
    "relay_database_url": values.database_url,
    "broker_url": values.url("amqp", "amqps", "redis", "rediss"),
    "broker_queue": values.queue,
    "lease_seconds": values.seconds(1, 86_400),
    "public_url": values.public_url,
    "host": values.host,
    "port": values.whole(1, 65_535),
    "metrics_token": values.token,
    "trusted_proxies": values.networks,
    "secret_keys": values.secret_keys,
    "grace_seconds": values.whole(0, 600),
    "carrier_urls": values.carrier_urls,
    "carrier_secrets": values.pairs,
    "carrier_concurrency": values.whole(1, 1000),
    "carrier_poll_seconds": values.seconds(1, 86_400),
    "profiles": Path,
    "peppol_stylesheet": values.stylesheet,
    "smtp_url": values.url("smtp", "smtps"),
    "mail_from": values.sender,
    "sms_url": values.url("http", "https"),
    "sms_token": values.token,
    "sms_sender": str,
    "stripe_key": values.token,
    "stripe_webhook_secret": values.tokens,
    "stripe_address": values.url("http", "https"),
    "debit_limit_euros": values.whole(1, 999_999),
    "pool_size": values.whole(1, 1000),
    "reminder_days": values.reminder_days,
    "reminder_texts": values.reminder_texts,
    "debt_block": values.yes_or_no,
    "operator_ibans": values.ibans,
    "operator_name": str,
    "operator_address": str,
    "operator_vat_number": str,
    "operator_support_email": values.email,
    "operator_support_phone": str,
}
# Without these nothing works
REQUIRED = {
    "database_url": "give the app's login, or run `fleetline demo`",
    "secret_keys": "give at least one random text of 32 characters",
}
OPERATOR = "operator_"
# Names that single commands and the tests read
ELSEWHERE = frozenset(
    {
        "admin_database_url",
        "sandbox_data",
        "sandbox_port",
        "sandbox_mail_port",
        "cases",
        "tmf_specs",
        "screens",
        "screens_raw",
    }
)
TESTS = "test_"
# How much alike two names are, from 0 to 1, where one of them is taken for a slip of the other
NEAR = 0.8


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Raises SettingError, naming the variable, where one is missing, cannot be used, or has nearly the name of one.
    """
    source = os.environ if environ is None else environ
    given = {
        name.removeprefix(PREFIX).lower(): text
        for name, text in source.items()
        if name.startswith(PREFIX) and text.strip()
    }
    for key in given:
        _refuse_slip(key)
    read = {key: _read(key, text) for key, text in given.items() if key in READERS}
    for key, what in REQUIRED.items():
        if not read.get(key):
            raise SettingError(f"{PREFIX}{key.upper()} is not set: {what}")
    operator = {key.removeprefix(OPERATOR): read.pop(key) for key in list(read) if key.startswith(OPERATOR)}
    return Settings(**read, operator=Operator(**operator))  # type: ignore[arg-type]


def _read(key: str, text: str) -> object:
    try:
        return READERS[key](text)
    except values.WrongValueError as error:
        raise SettingError(f"{PREFIX}{key.upper()} {error}") from None


def _refuse_slip(key: str) -> None:
    if _is_known(key):
        return
    if near := difflib.get_close_matches(key, [*READERS, *ELSEWHERE], n=1, cutoff=NEAR):
        raise SettingError(
            f"{PREFIX}{key.upper()} is no setting: {PREFIX}{near[0].upper()} is meant, or take it away"
        )


def _is_known(key: str) -> bool:
    return key in READERS or key in ELSEWHERE or key.startswith(TESTS)


def unknown_settings(environ: Mapping[str, str] | None = None) -> list[str]:
    """The variables with our prefix that nothing reads, in their order."""
    source = os.environ if environ is None else environ
    ours = (name for name in source if name.startswith(PREFIX))
    return sorted(name for name in ours if not _is_known(name.removeprefix(PREFIX).lower()))
