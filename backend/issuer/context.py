"""One deployment's issuer: its clients, keys and looks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from backend.core.i18n import choose_language
from backend.core.secrets import SecretBox
from backend.issuer.clients import Client, portal_client
from backend.issuer.frame import PageFrame
from backend.issuer.keys import SigningKeys
from backend.issuer.protocol import (
    AuthorizationServer,
)
from backend.settings import Settings
from backend.web.cookies import CookieNames
from backend.web.types import AnyRequest


async def _ignore_lock_out(account_id: UUID) -> None:
    """For an issuer that stands alone."""


@dataclass
class Issuer:
    """One deployment's issuer: its clients, keys and looks. `on_lock_out` is called for existing accounts only."""

    settings: Settings
    stylesheets: Sequence[str] = ()
    more_clients: Sequence[Client] = ()
    on_lock_out: Callable[[UUID], Awaitable[None]] = _ignore_lock_out
    keys: SigningKeys = field(init=False)
    server: AuthorizationServer = field(init=False)
    cookies: CookieNames = field(init=False)
    secret_box: SecretBox = field(init=False)

    def __post_init__(self) -> None:
        self.secret_box = SecretBox(self.settings.secret_keys)
        self.keys = SigningKeys(self.secret_box)
        clients = (portal_client(self.settings), *self.more_clients)
        self.server = AuthorizationServer(self.settings.issuer, self.keys, clients)
        self.cookies = CookieNames(self.settings.secure)

    def frame(self, request: AnyRequest) -> PageFrame:
        wanted = request.query_params.get("ui_locales", "")
        language = choose_language(wanted, request.headers.get("accept-language", ""))
        return PageFrame(self.stylesheets, self.settings.operator, language)
