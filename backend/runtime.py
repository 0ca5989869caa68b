"""The clients of outside counterparts that jobs of this process use, one set per process, opened in the jobs' loop."""

from dataclasses import dataclass

from backend.catalog.profiles import use_folder
from backend.core.errors import Forbidden
from backend.core.secrets import SecretBox
from backend.integrations.mail import Mailer, SmtpMailer
from backend.integrations.network import HttpCarrierNetwork
from backend.integrations.payments import PaymentProvider
from backend.integrations.sms import NoSmsGateway, SmsGateway, TmfSmsGateway
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Clients:
    """What jobs may call outside the product."""

    settings: Settings
    network: HttpCarrierNetwork
    mailer: Mailer
    sms: SmsGateway
    # None: no invoice is paid online
    payments: PaymentProvider | None


_clients: Clients | None = None
_settings: Settings | None = None


def use_settings(settings: Settings) -> None:
    """Hand this process's settings to the use cases; called once at start-up. Raises ProfileError."""
    global _settings  # noqa: PLW0603 - read once per process
    use_folder(settings.profiles)
    _settings = settings


def settings() -> Settings:
    """The settings of this process. Raises RuntimeError before start-up has handed them in."""
    if _settings is None:
        raise RuntimeError("the settings of this process were not handed in")
    return _settings


def owner_database() -> str:
    """The address of the owner's login, for commands. Raises Forbidden where it is not set."""
    if not (dsn := settings().owner_database_url):
        raise Forbidden("FLEETLINE_OWNER_DATABASE_URL is not set: this needs the owner's login")
    return dsn


def secret_box() -> SecretBox:
    """Opens and seals secrets with this deployment's keys."""
    return SecretBox(settings().secret_keys)


def open_clients(settings: Settings) -> Clients:
    """Make this process's clients. HTTP clients belong to the event loop that calls this."""
    global _clients  # noqa: PLW0603 - one set per process, set when a worker boots
    use_settings(settings)
    mailer = SmtpMailer(settings.smtp_url, settings.mail_from)
    _clients = Clients(settings, _network(settings), mailer, _sms(settings), _payments(settings))
    return _clients


def _network(settings: Settings) -> HttpCarrierNetwork:
    return HttpCarrierNetwork(settings.carrier_urls, concurrency=settings.carrier_concurrency)


def _sms(settings: Settings) -> SmsGateway:
    if not settings.sms_url:
        return NoSmsGateway()
    return TmfSmsGateway(settings.sms_url, settings.sms_token, settings.sms_sender)


def _payments(settings: Settings) -> PaymentProvider | None:
    return PaymentProvider(settings.stripe_key, settings.stripe_address) if settings.stripe_key else None


def clients() -> Clients:
    """The network clients of this process. Raises RuntimeError before they are open."""
    if _clients is None:
        raise RuntimeError("no clients are open in this process")
    return _clients


async def close_clients() -> None:
    """Close the network clients, where they are open."""
    if _clients is not None:
        await _clients.network.close()
        await _clients.sms.close()
        if _clients.payments is not None:
            await _clients.payments.close()
