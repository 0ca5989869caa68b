"""What was refused at a door, in the log: which door and from which address, never with what."""

from collections.abc import Sequence

import structlog

from backend.web.client_address import client_address
from backend.web.types import AnyConnection

log = structlog.get_logger()
_trusted: tuple[str, ...] = ()


def trust_proxies(proxies: Sequence[str]) -> None:
    """Say whose X-Forwarded-For is believed in this process; called once at start-up."""
    global _trusted  # noqa: PLW0603 - one list per process
    _trusted = tuple(proxies)


def bearer_token(connection: AnyConnection) -> str:
    """The bearer token of a request, or an empty text."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def log_refusal(connection: AnyConnection, what: str) -> None:
    """Note that a request was refused: an unknown or ended token, a wrong signature, a foreign page."""
    peer = connection.client.host if connection.client else ""
    forwarded = connection.headers.get("x-forwarded-for", "")
    address = client_address(peer, forwarded, _trusted)
    log.warning("request refused", why=what, address=address, method=connection.scope.get("method", ""))
