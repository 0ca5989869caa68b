"""Our issuer and our relying party against certified implementations of the other side."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from litestar import Litestar

from backend.integrations.identity import Provider
from backend.issuer.clients import Client
from backend.issuer.context import Issuer
from backend.issuer.routes import issuer_router
from backend.settings import Settings
from tests.support.identity import PASSWORD, company
from tests.support.peers import NODE, install
from tests.support.serving import free_port, serving


@pytest.fixture(scope="session")
def peers() -> Path:
    return install()


@pytest.mark.parametrize("secret", ["a secret of the test", None], ids=["confidential", "public"])
async def test_the_certified_client_signs_in_at_our_issuer(
    peers: Path, settings: Settings, secret: str | None
) -> None:
    delta = await company("delta", mobile="+32470100001")
    del delta
    port = free_port()
    settings = replace(settings, public_url=f"http://localhost:{port}")
    redirect = "http://localhost:9/callback"
    peer = Client("peer", (redirect,), ("http://localhost:9/",), (secret,) if secret else ())
    app = Litestar(
        [issuer_router(Issuer(settings, more_clients=[peer]))], openapi_config=None, logging_config=None
    )
    request = {
        "issuer": settings.issuer,
        "clientId": "peer",
        "secret": secret,
        "redirect": redirect,
        "login": "0470 10 00 01",
        "password": PASSWORD,
    }
    async with serving(app, port):
        process = await asyncio.create_subprocess_exec(
            NODE, "--no-warnings", "sign-in.mjs", json.dumps(request), cwd=peers, stdout=-1, stderr=-1
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    assert seen["claims"]["iss"] == settings.issuer
    assert seen["claims"]["email"] == seen["userinfo"]["email"] == "an@delta.example"
    assert seen["claims"]["phone_number"] == "+32470100001"
    assert seen["claims"]["amr"] == ["pwd"]
    assert seen["replay"] == "invalid_grant"
    assert seen["wrongVerifier"] == "invalid_grant"
    assert (seen["signedOut"], seen["back"]) == (303, "http://localhost:9/")
    assert seen["again"] == 200  # the form again, since the session has ended


@asynccontextmanager
async def certified_provider(peers: Path, provider: dict[str, str]) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        NODE, "--no-warnings", "provider.mjs", json.dumps(provider), cwd=peers, stdout=-1, stderr=-3
    )
    assert process.stdout
    assert (await asyncio.wait_for(process.stdout.readline(), 30)).strip().endswith(b"ready")
    yield
    process.kill()
    await process.wait()


async def test_our_relying_party_signs_in_at_the_certified_provider(peers: Path) -> None:
    issuer, redirect = f"http://localhost:{free_port()}", "http://localhost:9/auth/callback"
    known = {
        "issuer": issuer,
        "clientId": "portal",
        "secret": "a secret",
        "redirect": redirect,
        "subject": "u-1",
    }
    async with certified_provider(peers, known):
        provider = Provider(issuer, "portal", "a secret")
        address, flow = await provider.begin(redirect, next_path="/fleet", fresh=True)
        answer = await answer_of_browser(address, redirect)
        identity = await provider.finish(redirect, flow, answer)
        assert (identity.issuer, identity.subject) == (issuer, "u-1")
        assert abs(identity.auth_time.timestamp() - flow.began) < 30


async def answer_of_browser(address: str, redirect: str) -> dict[str, str]:
    """Fill in the provider's forms until it sends the browser back."""
    async with httpx.AsyncClient() as browser:
        response = await browser.get(address)
        for _ in range(20):
            if response.is_redirect:
                target = urljoin(str(response.url), response.headers["location"])
                if target.startswith(redirect):
                    return dict(parse_qsl(urlsplit(target).query))
                response = await browser.get(target)
                continue
            found = re.search(r'<form[^>]*action="([^"]+)"', response.text)
            assert found, response.text
            hidden = dict(re.findall(r'type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', response.text))
            data = {**hidden, "login": "u-1", "password": "x"}
            response = await browser.post(urljoin(str(response.url), unescape(found[1])), data=data)
    raise AssertionError("the provider never came back")
