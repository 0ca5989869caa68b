"""What the sign-in routes share: the issuer, the provider, and the answers they give."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
from litestar import Litestar, Response
from litestar.datastructures import Cookie

from backend.core.secrets import SecretBox
from backend.integrations.identity import Provider
from backend.issuer.clients import PORTAL, portal_secrets
from backend.issuer.context import Issuer
from backend.issuer.frame import HEADERS
from backend.issuer.page import message_page
from backend.issuer.routes import issuer_router
from backend.issuer.texts import say
from backend.settings import Settings
from backend.web.cookies import CookieNames
from backend.web.types import AnyRequest


@dataclass
class SignInContext:
    """What the sign-in routes need: the settings, the built-in issuer, and the provider that signs people in.

    Tenants' own providers will be found here, by the domain of the e-mail address.
    """

    settings: Settings
    issuer: Issuer
    provider: Provider | None = None
    secret_box: SecretBox = field(init=False)
    cookies: CookieNames = field(init=False)

    def __post_init__(self) -> None:
        self.secret_box = SecretBox(self.settings.secret_keys)
        self.cookies = CookieNames(self.settings.secure)

    @property
    def callback(self) -> str:
        return f"{self.settings.public_url}/auth/callback"

    def chosen_provider(self) -> Provider:
        if self.provider is None:
            self.provider = built_in_provider(self.settings, self.issuer)
        return self.provider


def built_in_provider(settings: Settings, issuer: Issuer) -> Provider:
    """The issuer under /id, called in this process."""
    inside = Litestar([issuer_router(issuer)], openapi_config=None, logging_config=None)
    transport = httpx.ASGITransport(app=inside)  # type: ignore[arg-type] # the two spell ASGI's types differently
    return Provider(settings.issuer, PORTAL, portal_secrets(settings)[0], transport=transport, built_in=True)


def to(address: str, *cookies: Cookie) -> Response[str]:
    response: Response[str] = Response(
        "", status_code=303, headers={**HEADERS, "location": address}, media_type="text/plain"
    )
    return _with_cookies(response, *cookies)


def html(content: str, status: int, *cookies: Cookie) -> Response[str]:
    response: Response[str] = Response(
        content, status_code=status, headers=dict(HEADERS), media_type="text/html; charset=utf-8"
    )
    return _with_cookies(response, *cookies)


def _with_cookies(response: Response[str], *cookies: Cookie) -> Response[str]:
    for cookie in cookies:
        response.set_cookie(cookie)
    return response


def message(
    request: AnyRequest, context: SignInContext, title: str, text: str, status: int, *cookies: Cookie
) -> Response[str]:
    frame = context.issuer.frame(request)
    support = f"{context.settings.operator.support_email}, {context.settings.operator.support_phone}"
    words = say(text, frame.language, support=support)
    action = ("/auth/login?" + urlencode({"language": frame.language}), say("sign_in", frame.language))
    return html(message_page(frame, say(title, frame.language), words, action=action), status, *cookies)
