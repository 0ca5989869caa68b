"""The clients of outside counterparts that jobs of this process use, one set per process, opened in the jobs' loop."""

from dataclasses import dataclass

from backend.integrations.mail import Mailer, SmtpMailer
from backend.integrations.network import CarrierNetwork, HttpCarrierNetwork
from backend.settings import Settings


@dataclass(frozen=True, slots=True)
class Clients:
    """What jobs may call outside the product."""

    settings: Settings
    network: CarrierNetwork
    mailer: Mailer


_clients: Clients | None = None


def open_clients(settings: Settings) -> Clients:
    """Make this process's clients. HTTP clients belong to the event loop that calls this."""
    global _clients  # noqa: PLW0603 - one set per process, set when a worker boots
    _clients = Clients(settings, HttpCarrierNetwork(settings), SmtpMailer(settings))
    return _clients


def clients() -> Clients:
    if _clients is None:
        raise RuntimeError("no clients are open in this process")
    return _clients


async def close_clients() -> None:
    if _clients is not None:
        await _clients.network.close()
