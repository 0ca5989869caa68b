"""What the relying party refuses: a provider that lies is played by its bytes, without a network."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from backend.core import clock
from backend.core.errors import Unavailable
from backend.integrations import identity
from backend.integrations.identity import Provider, SignInFailed

ISSUER, REDIRECT = "https://id.example", "https://portal.example/auth/callback"
KEY = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})


class Theirs:
    """A provider of which a test changes one thing."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.drop: set[str] = set()
        self.key: Any = KEY
        self.alg, self.kid = "RS256", "first"
        self.published = [KEY]
        self.metadata: dict[str, Any] = {"authorization_response_iss_parameter_supported": True}
        self.calls: list[str] = []
        self.nonce = ""
        self.raw_token: Callable[[dict[str, Any]], str] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        if request.url.path.endswith("openid-configuration"):
            known = {
                name: f"{ISSUER}/{name}"
                for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint")
            }
            return httpx.Response(
                200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks", **known, **self.metadata}
            )
        if request.url.path == "/jwks":
            return httpx.Response(200, json=KeySet(self.published).as_dict(private=False))
        return httpx.Response(
            200, json={"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
        )

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "portal",
            "sub": "u-1",
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": self.nonce,
        }
        claims = {key: value for key, value in {**claims, **self.claims}.items() if key not in self.drop}
        if self.raw_token:
            return self.raw_token(claims)
        registry = JWSRegistry(algorithms=[self.alg])
        return jwt.encode({"alg": self.alg, "kid": self.kid}, claims, self.key, registry=registry)


@pytest.fixture
def theirs() -> Theirs:
    return Theirs()


def provider(theirs: Theirs) -> Provider:
    return Provider(ISSUER, "portal", "secret", transport=httpx.MockTransport(theirs))


async def come_back(theirs: Theirs, *, fresh: bool = False, **answer: str) -> identity.Identity:
    ours = provider(theirs)
    _, flow = await ours.begin(REDIRECT, next_path="/", fresh=fresh)
    theirs.nonce = theirs.nonce or flow.nonce
    return await ours.finish(REDIRECT, flow, {"code": "c", "state": flow.state, "iss": ISSUER, **answer})


async def test_a_right_answer_is_accepted(theirs: Theirs) -> None:
    assert (await come_back(theirs)).subject == "u-1"


async def test_the_request_carries_everything_that_protects_it(theirs: Theirs) -> None:
    address, flow = await provider(theirs).begin(REDIRECT, next_path="/", fresh=True, language="fr")
    query = httpx.URL(address).params
    assert query["code_challenge_method"] == "S256"
    assert query["code_challenge"] not in {flow.verifier, ""}
    assert (query["state"], query["nonce"]) == (flow.state, flow.nonce)
    assert (query["prompt"], query["ui_locales"]) == ("login", "fr")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": ["portal", "another"], "azp": "another"},
        {"aud": "another", "azp": "portal"},
        {"nonce": "another"},
    ],
    ids=str,
)
async def test_wrong_claims_are_refused(theirs: Theirs, claims: dict[str, Any]) -> None:
    theirs.claims = claims
    with pytest.raises(SignInFailed):
        await come_back(theirs)


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -120), ("iat", 86_400)])
async def test_wrong_times_are_refused(theirs: Theirs, claim: str, seconds: int) -> None:
    theirs.claims = {claim: int(time.time()) + seconds}
    with pytest.raises(SignInFailed):
        await come_back(theirs)


@pytest.mark.parametrize("claim", ["iss", "aud", "nonce", "exp", "iat", "sub"])
async def test_missing_claims_are_refused(theirs: Theirs, claim: str) -> None:
    theirs.drop = {claim}
    with pytest.raises(SignInFailed):
        await come_back(theirs)


def compact(header: dict[str, str], claims: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """A token put together by hand, since no library would make these."""

    def encode(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    body = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{body}.{encode(sign(body.encode()))}"


async def test_an_unsigned_token_is_refused(theirs: Theirs) -> None:
    theirs.raw_token = lambda claims: compact({"alg": "none", "kid": "first"}, claims, lambda _: b"")
    theirs.metadata["id_token_signing_alg_values_supported"] = ["none", "RS256"]
    with pytest.raises(SignInFailed):
        await come_back(theirs)


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(theirs: Theirs) -> None:
    public = KEY.as_pem(private=False)

    def sign(body: bytes) -> bytes:
        return hmac.digest(public, body, "sha256")

    theirs.raw_token = lambda claims: compact({"alg": "HS256", "kid": "first"}, claims, sign)
    with pytest.raises(SignInFailed):
        await come_back(theirs)


async def test_another_key_under_a_known_name_is_refused(theirs: Theirs) -> None:
    theirs.key = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256"})
    with pytest.raises(SignInFailed):
        await come_back(theirs)


async def test_elliptic_curves_are_fine(theirs: Theirs) -> None:
    key = ECKey.generate_key("P-256", {"kid": "curve", "alg": "ES256", "use": "sig"})
    theirs.key, theirs.alg, theirs.kid, theirs.published = key, "ES256", "curve", [key]
    assert (await come_back(theirs)).subject == "u-1"


@pytest.mark.parametrize("named", ["https://evil.example", ""])
async def test_an_answer_that_names_another_issuer_is_refused(theirs: Theirs, named: str) -> None:
    with pytest.raises(SignInFailed, match="another issuer"):
        await come_back(theirs, iss=named)
    assert "/token_endpoint" not in theirs.calls  # the code was not given away


async def test_a_missing_issuer_in_the_answer_is_refused_where_it_was_promised(theirs: Theirs) -> None:
    ours = provider(theirs)
    _, flow = await ours.begin(REDIRECT, next_path="/")
    with pytest.raises(SignInFailed):
        await ours.finish(REDIRECT, flow, {"code": "c", "state": flow.state})


async def test_a_refusal_is_no_sign_in(theirs: Theirs) -> None:
    with pytest.raises(SignInFailed, match="access_denied"):
        await come_back(theirs, error="access_denied")


async def test_discovery_of_another_issuer_is_refused(theirs: Theirs) -> None:
    theirs.metadata["issuer"] = "https://evil.example"
    with pytest.raises(Unavailable):
        await provider(theirs).begin(REDIRECT, next_path="/")


async def test_an_old_sign_in_does_not_count_as_fresh(theirs: Theirs) -> None:
    theirs.claims = {"auth_time": int(time.time()) - 3600}
    assert (await come_back(theirs)).subject == "u-1"
    theirs.nonce = ""
    with pytest.raises(SignInFailed, match="fresh"):
        await come_back(theirs, fresh=True)


@pytest.mark.parametrize(
    "when",
    [int(time.time()) + 3600, 10**30, 1e999, -1, "now", True, [1], {"a": 1}],
    ids=lambda one: str(one)[:9],
)
async def test_a_sign_in_of_another_time_than_the_past_is_none(theirs: Theirs, when: object) -> None:
    theirs.claims = {"auth_time": when}
    with pytest.raises(SignInFailed):
        await come_back(theirs)


async def test_a_clock_that_is_a_little_ahead_gives_no_sign_in_of_the_future(theirs: Theirs) -> None:
    theirs.claims = {"auth_time": int(time.time()) + 50}
    assert (await come_back(theirs, fresh=True)).auth_time <= clock.now()


async def test_a_new_key_is_fetched_and_unknown_ones_at_most_twice_a_minute(theirs: Theirs) -> None:
    ours = provider(theirs)

    async def try_once() -> None:
        _, flow = await ours.begin(REDIRECT, next_path="/")
        theirs.nonce = flow.nonce
        await ours.finish(REDIRECT, flow, {"code": "c", "iss": ISSUER})

    await try_once()
    second = RSAKey.generate_key(2048, {"kid": "second", "alg": "RS256", "use": "sig"})
    theirs.key, theirs.kid, theirs.published = second, "second", [KEY, second]
    await try_once()
    assert theirs.calls.count("/jwks") == 2
    theirs.kid = "third"
    for _ in range(3):
        with pytest.raises(SignInFailed):
            await try_once()
    assert theirs.calls.count("/jwks") == 2


async def test_keys_of_the_last_hour_are_not_fetched_again(theirs: Theirs) -> None:
    ours = provider(theirs)
    for _ in range(3):
        await ours.begin(REDIRECT, next_path="/")
    assert theirs.calls.count("/jwks") == 1


async def test_a_provider_that_is_away_is_said_to_be_unavailable() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with pytest.raises(Unavailable):
        await Provider(ISSUER, "portal", "s", transport=httpx.MockTransport(away)).begin(
            REDIRECT, next_path="/"
        )


async def test_where_to_sign_out(theirs: Theirs) -> None:
    address = await provider(theirs).sign_out_address("https://portal.example/")
    assert (
        address
        == f"{ISSUER}/end_session_endpoint?client_id=portal&post_logout_redirect_uri=https%3A%2F%2Fportal.example%2F"
    )
    theirs.metadata["end_session_endpoint"] = None
    assert await provider(theirs).sign_out_address("https://portal.example/") is None
