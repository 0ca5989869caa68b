"""The portal as relying party of an OpenID provider: the built-in one, and a place for tenants' own.

Authlib drives the flow, joserfc reads the tokens: Authlib's own token reader takes the accepted algorithms from
the provider and would accept an unsigned token.
"""

import asyncio
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from backend.core import clock
from backend.core.errors import Unavailable
from backend.core.secrets import new_token

with warnings.catch_warnings(
    record=True
):  # Authlib shows a warning of its own about httpx, whatever the filters say
    from authlib.integrations.httpx_client import AsyncOAuth2Client

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY_SECONDS = 60
KEYS_LAST_SECONDS = 3600
# For a key that we do not know
FETCH_AGAIN_SECONDS = 30
TIMEOUT_SECONDS = 10


class SignInFailed(Exception):
    """The provider's answer does not hold, or it refused. The text is for the log, not for the page."""


@dataclass(frozen=True, slots=True)
class AuthorizationFlow:
    """One sign-in under way: what has to come back, and where to go then."""

    state: str
    nonce: str
    verifier: str
    fresh: bool
    next: str
    # Unix seconds
    began: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is."""

    issuer: str
    subject: str
    auth_time: datetime


class Provider:
    """One OpenID provider. `transport` reaches the built-in one in this process.

    The built-in issuer is part of the same application: calling it over the network would need the web process to
    reach its own public address, which a TLS proxy, a private certificate or a name known outside only may prevent.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str | None,
        *,
        scope: str = "openid",
        transport: httpx.AsyncBaseTransport | None = None,
        built_in: bool = False,
    ) -> None:
        self.issuer, self.client_id, self.built_in = issuer, client_id, built_in
        self._secret, self._scope, self._transport = client_secret, scope, transport
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._read_at = self._forced_at = float("-inf")
        self._reading = asyncio.Lock()

    async def begin(
        self, redirect_uri: str, *, next_path: str, fresh: bool = False, language: str = ""
    ) -> tuple[str, AuthorizationFlow]:
        """The address to send the browser to, and what to remember until it comes back.

        Raises Unavailable where the provider does not answer.
        """
        await self._load()
        flow = AuthorizationFlow(new_token(), new_token(), new_token(), fresh, next_path, int(time.time()))
        wishes = {"prompt": "login"} if fresh else {}
        if language:
            wishes["ui_locales"] = language
        async with self._client(redirect_uri) as client:
            address, _ = client.create_authorization_url(
                self._metadata["authorization_endpoint"],
                state=flow.state,
                nonce=flow.nonce,
                code_verifier=flow.verifier,
                **wishes,
            )
        return str(address), flow

    async def finish(self, redirect_uri: str, flow: AuthorizationFlow, answer: dict[str, str]) -> Identity:
        """Turn the browser's answer into an identity. Raises SignInFailed or Unavailable."""
        await self._load()
        named = answer.get("iss")
        if named != self.issuer and (
            named is not None or self._metadata.get("authorization_response_iss_parameter_supported")
        ):
            raise SignInFailed("the answer names another issuer (RFC 9207)")
        if "error" in answer:
            raise SignInFailed(f"the provider refused: {answer['error'][:60]}")
        try:
            async with self._client(redirect_uri) as client:
                token = await client.fetch_token(
                    self._metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer.get("code", ""),
                    code_verifier=flow.verifier,
                )
            claims = await self._claims(token, flow.nonce)
        except httpx.HTTPError as error:
            raise Unavailable("The sign-in service does not answer.") from error
        except (
            AuthlibBaseError,
            JoseError,
            ArithmeticError,
            RecursionError,
            TypeError,
            ValueError,
            KeyError,
        ) as error:
            raise SignInFailed(f"{type(error).__name__}: {error}") from error
        return self._identity(claims, flow)

    async def sign_out_address(self, back: str) -> str | None:
        """Where the provider ends its own session, if it can."""
        await self._load()
        endpoint = self._metadata.get("end_session_endpoint")
        query = httpx.QueryParams(client_id=self.client_id, post_logout_redirect_uri=back)
        return f"{endpoint}?{query}" if endpoint else None

    def _client(self, redirect_uri: str) -> Any:
        return AsyncOAuth2Client(
            self.client_id,
            self._secret,
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            timeout=TIMEOUT_SECONDS,
            transport=self._transport,
        )

    async def _load(self, *, force: bool = False) -> None:
        """Read discovery and keys when they are an hour old; for an unknown key, at most once in 30 seconds."""
        async with self._reading:
            now = time.monotonic()
            if self._keys is not None and not force and now - self._read_at < KEYS_LAST_SECONDS:
                return
            if force and now - self._forced_at < FETCH_AGAIN_SECONDS:
                return
            if force:
                self._forced_at = now
            try:
                self._metadata, self._keys = await self._fetch()
            except (httpx.HTTPError, ValueError, KeyError, JoseError) as error:
                # Yesterday's keys are better than no sign-in
                if self._keys is not None:
                    return
                raise Unavailable("The sign-in service does not answer.") from error
            self._read_at = now

    async def _fetch(self) -> tuple[dict[str, Any], KeySet]:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=self._transport) as client:
            found = await client.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            metadata = found.raise_for_status().json()
            # Authlib does not look
            if metadata.get("issuer") != self.issuer:
                raise ValueError("discovery names another issuer")
            keys = await client.get(metadata["jwks_uri"])
            return metadata, KeySet.import_key_set(keys.raise_for_status().json())

    async def _claims(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The ID token's claims, after every check of OpenID Connect Core 3.1.3.7."""
        decoded = await self._decode(token["id_token"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": self.client_id},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
                "nonce": {"essential": True},
            },
            {"nonce": nonce, "client_id": self.client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY_SECONDS)
        return dict(claims)

    async def _decode(self, raw: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        if self._keys is None:
            raise ValueError("no keys")
        try:
            return jwt.decode(raw, self._keys, registry=registry)
        except InvalidKeyIdError:
            await self._load(force=True)
            return jwt.decode(raw, self._keys, registry=registry)

    def _identity(self, claims: dict[str, Any], flow: AuthorizationFlow) -> Identity:
        at = _signed_in_at(claims)
        fresh = at is not None and at.timestamp() >= flow.began - LEEWAY_SECONDS
        if flow.fresh and not fresh:
            raise SignInFailed("a fresh sign-in was asked for, and an old one came back")
        return Identity(self.issuer, str(claims["sub"]), at or clock.now())


def _signed_in_at(claims: dict[str, Any]) -> datetime | None:
    """When the person signed in, as the provider says. Raises SignInFailed: one in the future would stay fresh."""
    said, now = claims.get("auth_time"), clock.now()
    if said is None:
        return None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise SignInFailed("auth_time is not a number")
    if not 0 <= said <= now.timestamp() + LEEWAY_SECONDS:
        raise SignInFailed("auth_time is in the future, or is no time")
    return min(now, datetime.fromtimestamp(int(said), UTC))
