"""OpenID Connect by Authlib, without a framework: what to load before its rules run and what to keep after.

Authlib's hooks are synchronous, so a request carries what was loaded for them and what they want kept.
PKCE with S256 is asked of every client. A code is consumed before Authlib sees it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer as BaseAuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode

from backend.core.secrets import new_token
from backend.issuer import store
from backend.issuer.accounts import AccountHolder
from backend.issuer.clients import SCOPES, Client
from backend.issuer.keys import ALGORITHM, SigningKeys

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OAuthResponse:
    """The response that Authlib made, for the web framework to send."""

    status: int
    body: Any
    headers: dict[str, str]


class Payload(OAuth2Payload):  # type: ignore[misc] # Authlib ships no types
    """Parameters, repeated ones included."""

    def __init__(self, pairs: Pairs) -> None:
        self.datalist_: defaultdict[str, list[str]] = defaultdict(list)
        for key, value in pairs:
            self.datalist_[key].append(value)

    @property
    def data(self) -> dict[str, str]:
        return {key: values[-1] for key, values in self.datalist_.items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self.datalist_


class AuthorizationRequest(OAuth2Request):  # type: ignore[misc] # Authlib ships no types
    """One request to the issuer, with what was loaded for it and what has to be kept."""

    def __init__(self, method: str, headers: dict[str, str], pairs: Pairs) -> None:
        # The address that people use is checked where it is set; Authlib sees a secure one behind every proxy.
        super().__init__(method, "https://issuer.invalid/", headers=headers)
        self.payload = Payload(pairs)
        self.consumed: tuple[AccountHolder, StoredCode] | None = None
        self.code_to_keep: tuple[str, AccountHolder, dict[str, Any]] | None = None
        self.token_to_keep: tuple[str, AccountHolder, dict[str, Any]] | None = None

    @property
    def args(self) -> dict[str, str]:
        return self.payload.data

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data


class StoredCode(dict[str, Any]):
    """A code's record, with the accessors that Authlib expects."""

    def get_redirect_uri(self) -> str:
        return str(self["redirect_uri"])

    def get_scope(self) -> str:
        return str(self["scope"])

    def get_nonce(self) -> str | None:
        nonce: str | None = self["nonce"]
        return nonce

    def get_auth_time(self) -> int:
        return int(self["auth_time"])

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> list[str]:
        return ["pwd"]


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc] # Authlib ships no types
    """The authorization code grant (RFC 6749, 4.1); names of its methods are Authlib's."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post", "none")

    def save_authorization_code(self, code: str, request: AuthorizationRequest) -> None:
        person: AccountHolder = request.user
        data = request.payload.data
        request.code_to_keep = (
            code,
            person,
            {
                "client": request.client.id,
                "redirect_uri": request.payload.redirect_uri or request.client.get_default_redirect_uri(),
                "scope": request.client.get_allowed_scope(request.payload.scope),
                "nonce": data.get("nonce"),
                "auth_time": int(person.auth_time.timestamp()) if person.auth_time else 0,
                "code_challenge": data["code_challenge"],
                "code_challenge_method": data["code_challenge_method"],
            },
        )

    def query_authorization_code(self, code: str, client: Client) -> StoredCode | None:  # noqa: ARG002 - consumed before
        consumed = self.request.consumed
        return consumed[1] if consumed and consumed[1]["client"] == client.id else None

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Does nothing: the code was consumed before Authlib saw it."""

    def authenticate_user(self, authorization_code: StoredCode) -> AccountHolder:  # noqa: ARG002 - loaded with the code
        person: AccountHolder = self.request.consumed[0]
        return person


class RequiredPkce(CodeChallenge):  # type: ignore[misc] # Authlib ships no types
    """PKCE with S256 (RFC 7636), required of every client."""

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with S256 is required", redirect_uri=redirect_uri)
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: StoredCode) -> str:
        return str(authorization_code["code_challenge"])

    def get_authorization_code_challenge_method(self, authorization_code: StoredCode) -> str:
        return str(authorization_code["code_challenge_method"])


class IdToken(OpenIDCode):  # type: ignore[misc] # Authlib ships no types
    """The ID token of OpenID Connect, signed with the present key."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        super().__init__(require_nonce=False)
        self._issuer, self._keys = issuer, keys

    def exists_nonce(self, nonce: str, request: AuthorizationRequest) -> bool:  # noqa: ARG002 - codes are used once; the nonce is the client's check
        return False

    def resolve_client_private_key(self, client: Client) -> Any:  # noqa: ARG002 - one key for all
        return self._keys.signing

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": self._issuer, "aud": client.id}

    def get_encode_header(self, client: Client) -> dict[str, Any]:  # noqa: ARG002 - one key for all
        return {"alg": ALGORITHM, "kid": self._keys.signing.kid if self._keys.signing else None}

    def generate_user_info(self, user: AccountHolder, scope: str) -> dict[str, Any]:
        return user_info(user, scope)


def user_info(person: AccountHolder, scope: str) -> dict[str, Any]:
    """The claims about a person that the scope allows."""
    claims = UserInfo(
        sub=str(person.id),
        name=person.name,
        given_name=person.given_name,
        family_name=person.family_name,
        locale=person.language,
        email=person.email,
        # The operator gave the address; registration by oneself will verify it
        email_verified=True,
    )
    if person.mobile:
        claims |= {"phone_number": person.mobile, "phone_number_verified": True}
    return dict(UserInfo(claims).filter(scope))


class AuthorizationServer(BaseAuthorizationServer):  # type: ignore[misc] # Authlib ships no types
    """The rules of the issuer for a fixed set of clients."""

    def __init__(self, issuer: str, keys: SigningKeys, clients: Iterable[Client]) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self._clients = {client.id: client for client in clients}
        self.register_token_generator("default", _new_access_token)
        self.register_grant(CodeGrant, [RequiredPkce(required=True), IdToken(issuer, keys)])

    def query_client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def save_token(self, token: dict[str, Any], request: AuthorizationRequest) -> None:
        request.token_to_keep = (token["access_token"], request.user, {"scope": token["scope"]})

    def create_oauth2_request(self, request: AuthorizationRequest) -> AuthorizationRequest:
        return request

    def handle_response(self, status: int, body: Any, headers: Iterable[tuple[str, str]]) -> OAuthResponse:
        return OAuthResponse(status, body or None, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Does nothing: no signals are used."""


def _new_access_token(*, scope: str, **_: object) -> dict[str, Any]:
    return {
        "token_type": "Bearer",
        "access_token": new_token(),
        "expires_in": int(store.TOKEN_LIFE.total_seconds()),
        "scope": scope,
    }
