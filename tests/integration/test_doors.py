"""What comes in at any door: headers of every answer, bodies that nobody can read, who is asked first."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from backend.app import create_api
from backend.members.operators import create_operator_token
from backend.members.tokens import create_token
from backend.settings import Settings
from backend.web.response_headers import DEFAULTS
from frontend.main import create
from tenants.scope import Actor
from tests.support.factories import Customer, make_customer

DEEP = {"array": b"[" * 100_000, "object": b'{"a":' * 50_000, "inside": b'{"kind":' + b"[" * 100_000}
BROKEN = {
    **DEEP,
    "not utf-8": b"\xff",
    "not utf-8 inside": b'{"kind":"\xff"}',
    "half": b'{"kind":',
    "nothing": b"",
    "nan": b'{"kind":NaN}',
    "digits": b'{"kind":"change_spend_cap","cap_cents":' + b"9" * 5000 + b"}",
    "number": b"1e999",
    "surrogate": b'{"kind":"change_options","request_key":"\\ud800"}',
    "nul": b'{"kind":"change_options","line_ids":[],"request_key":"\\u0000"}',
}
POSTS = ["/api/v1/change-orders", "/api/v1/change-orders/preview", "/api/v1/bulk"]


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The whole web process, as a client reaches it."""
    transport = httpx.ASGITransport(app=create(settings), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=settings.public_url) as client:
        yield client


async def token_of(customer: Customer) -> dict[str, str]:
    assert customer.manager.member_id
    token = await create_token(Actor(customer.tenant_id), customer.manager.member_id)
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", POSTS)
async def test_a_body_that_cannot_be_read_is_refused_in_words(http: httpx.AsyncClient, path: str) -> None:
    headers = {**await token_of(await make_customer()), "content-type": "application/json"}
    for name, body in BROKEN.items():
        answer = await http.post(path, content=body, headers=headers)
        assert answer.status_code in {400, 422}, (name, answer.text[:200])
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_form_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n\xff\r\n--x--\r\n'
    headers = {**await token_of(await make_customer()), "content-type": "multipart/form-data; boundary=x"}
    assert (await http.post("/api/v1/documents", content=part, headers=headers)).status_code == 400


async def test_a_cursor_that_cannot_be_read_is_refused(http: httpx.AsyncClient) -> None:
    headers = await token_of(await make_customer())
    deep = base64.urlsafe_b64encode(b'{"x":' + b"[" * 5_000).decode().rstrip("=")
    for cursor in (deep, "9" * 5000, "%00", "\u00e9"):
        answer = await http.get("/api/v1/lines", params={"after": cursor}, headers=headers)
        assert answer.status_code in {400, 422}, cursor[:20]


@pytest.mark.parametrize("path", [*POSTS, "/api/operator/v1/tenants/delta/contracts/x"])
async def test_nothing_is_read_before_it_is_known_who_asks(
    settings: Settings, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    async def receive() -> dict[str, Any]:
        read.append(path)
        return {"type": "http.request", "body": b"{}", "more_body": False}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"authorization", b"Bearer flt_nonsense")]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 1),
        "server": ("localhost", 8000),
        "state": {},
    }
    await create_api(settings)(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] in {401, 404, 405}
    assert not read


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_only_json_is_json(http: httpx.AsyncClient, media_type: str) -> None:
    headers = await token_of(await make_customer())
    body = msgspec.json.encode({"kind": "change_options", "line_ids": [], "request_key": "k"})
    for path in POSTS:
        answer = await http.post(path, content=body, headers={**headers, "content-type": media_type})
        assert answer.status_code == 415, (path, answer.text)
        assert answer.json()["code"] == "unsupported_media_type"
        right = {**headers, "content-type": "application/json; charset=utf-8"}
        assert (await http.post(path, content=body, headers=right)).status_code != 415


PATHS = [
    "/api/v1/lines",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/nothing",
    "/api/operator/v1/tenants/x/contracts",
    "/healthz",
    "/nothing",
    "/auth/login",
    "/auth/callback",
    "/id/.well-known/openid-configuration",
    "/id/authorize",
    "/id/userinfo",
    "/p/nothing/nothing",
    "/app",
    "/app/nothing",
    "/app/files/nothing",
    "/assets/nothing",
    "/",
]


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_is_closed(http: httpx.AsyncClient, path: str) -> None:
    headers = await token_of(await make_customer()) if path.startswith("/api/v1") else {}
    for method in ("GET", "POST"):
        answer = await http.request(method, path, headers=headers)
        assert answer.status_code < 500
        given = answer.headers
        assert given["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in given["content-security-policy"]
        assert "frame-ancestors 'none'" in given["content-security-policy"]
        assert len(given.get_list("content-security-policy")) == 1
        assert "cache-control" in given
        if path.startswith("/api/v1/lines"):
            assert given["cache-control"] == "no-store"
        assert "strict-transport-security" not in given


async def test_no_door_sends_a_request_back(http: httpx.AsyncClient) -> None:
    for path in PATHS:
        answer = await http.request("TRACE", path, headers={"x-own": "sent back"})
        assert answer.status_code in {403, 404, 405}, path
        assert "sent back" not in answer.text


async def test_https_stays_https(settings: Settings) -> None:
    secure = replace(settings, public_url="https://portal.example")
    transport = httpx.ASGITransport(app=create(secure), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=secure.public_url) as http:
        for path in PATHS:
            answer = await http.get(path)
            assert answer.headers["strict-transport-security"] == "max-age=31536000", path


async def test_what_is_refused_at_a_door_is_logged_without_what_was_sent(http: httpx.AsyncClient) -> None:
    await create_operator_token("Nadia")
    listener = "/tmf-api/serviceOrdering/v4/listener/serviceOrderStateChangeEvent"
    with capture_logs() as logged:
        for method, path, headers in (
            ("GET", "/api/v1/lines", {"authorization": "Bearer flt_secret"}),
            ("GET", "/api/operator/v1/tenants/x/contracts", {"authorization": "Bearer flo_secret"}),
            ("POST", listener, {}),
            ("POST", "/auth/logout", {"origin": "https://evil.example"}),
            ("POST", "/app/files", {"origin": "https://evil.example"}),
        ):
            assert (await http.request(method, path, headers=headers)).status_code in {401, 403}
    refused = [entry for entry in logged if entry["event"] == "request refused"]
    assert [entry["why"] for entry in refused] == ["token", "operator token", "signature", "origin", "origin"]
    assert {entry["address"] for entry in refused} == {"127.0.0.1"}
    assert "secret" not in str(logged)


def test_defaults_are_lower_case_as_asgi_asks() -> None:
    assert all(name == name.lower() for name in DEFAULTS)
