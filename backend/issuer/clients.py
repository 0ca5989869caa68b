"""Clients of the issuer: the portal itself, with a secret derived from the deployment's keys."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

from backend.core.secrets import derive_key
from backend.issuer.keys import ALGORITHM
from backend.settings import Settings

PORTAL = "portal"
SCOPES = ("openid", "email", "profile", "phone")


@dataclass(frozen=True, slots=True)
class Client:
    """A relying party. Method names are Authlib's; without secrets it is a public client."""

    id: str
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    id_token_signed_response_alg: str = ALGORITHM
    client_metadata: dict[str, Any] = field(default_factory=dict)

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uris[0]

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "").split() if word in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        given = client_secret.encode()
        return any(secrets.compare_digest(secret.encode(), given) for secret in self.secrets)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's signature
        return method in (("client_secret_basic", "client_secret_post") if self.secrets else ("none",))

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


def portal_secrets(settings: Settings) -> tuple[str, ...]:
    """One secret per deployment key: the portal shows the first, the issuer takes any, so keys can be replaced."""
    return tuple(
        base64.urlsafe_b64encode(derive_key(key, "issuer client portal")).decode()
        for key in settings.secret_keys
    )


def portal_client(settings: Settings) -> Client:
    """The portal as a client of the issuer."""
    return Client(
        PORTAL,
        (f"{settings.public_url}/auth/callback",),
        (f"{settings.public_url}/",),
        portal_secrets(settings),
    )
