"""The gateway: whose socket is opened, and what ends it."""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4

import orjson
import pytest
from structlog.testing import capture_logs

from backend.core.permissions import Portal
from backend.lines.schemas import FleetFrame
from backend.members.schemas import Profile
from backend.settings import Settings
from frontend.assets import asset_tag, asset_url
from frontend.http.gateway import FOREIGN, OUTDATED, POLICY_VIOLATION, SIGNED_OUT, TOO_MANY, Gateway
from frontend.http.socket_limits import (
    LARGEST,
    MESSAGES,
    MESSAGES_A_SECOND,
    MOST_FIELDS,
    SOCKETS,
    MessageBudget,
    is_event,
)
from frontend.page_address import LONGEST_ADDRESS
from frontend.page_context import Services
from tenants.scope import Actor, MemberId, TenantId

ORIGIN = b"http://localhost:8000"
EVENT_OF: dict[str, Any] = {"type": "layout-event", "target": "t", "data": []}
EVENT = '{"type":"layout-event","target":"t","data":[]}'
SESSION, MEMBER = uuid4(), MemberId(uuid4())


async def authenticate(token: str) -> Actor | None:
    return Actor(TenantId(uuid4()), MEMBER, language="fr", session_id=SESSION) if token == "good" else None


async def profile(actor: Actor) -> Profile:
    return Profile(
        name="",
        given_name="",
        email="",
        language="fr",
        tenant="Delta",
        tenant_slug="delta",
        carrier="mandarine",
        portal=Portal.MANAGER,
        portals=(Portal.MANAGER,),
        memberships=(),
    )


async def fleet(actor: Actor) -> FleetFrame:
    return FleetFrame()


class Wire:
    """The two ends of one socket."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.incoming.put_nowait({"type": "websocket.connect"})

    async def send(self, message: Any) -> None:
        self.sent.append(message)


async def page(scope: Any, receive: Any, send: Any) -> None:
    """An app that accepts, then echoes until the end."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": message["text"]})


async def hasty(scope: Any, receive: Any, send: Any) -> None:
    """An app that speaks before it accepts, as ReactPy does."""
    early = asyncio.create_task(send({"type": "websocket.send", "text": "early"}))
    await asyncio.sleep(0)
    await send({"type": "websocket.accept"})
    await early


def gateway(app: Any) -> Gateway:
    doors = Services(authenticate, profile, lambda _tenant, _topic, _callback: lambda: None, fleet)
    return Gateway(app, app, Settings(database_url="-"), doors)


def scope(
    origin: bytes | None = ORIGIN,
    cookie: bytes = b"fleetline_session=good",
    query: bytes = b"",
    path: str = "/reactpy/frontend.routes.Root/",
) -> dict[str, Any]:
    headers = [(b"cookie", cookie)] + ([(b"origin", origin)] if origin else [])
    return {"type": "websocket", "path": path, "headers": headers, "query_string": query}


@pytest.mark.parametrize(
    "origin", [None, b"http://evil.example", b"http://localhost:8001", b"https://localhost:8000"]
)
async def test_a_foreign_page_gets_no_socket(origin: bytes | None) -> None:
    wire = Wire()
    await gateway(page)(scope(origin), wire.incoming.get, wire.send)
    assert wire.sent == [{"type": "websocket.close", "code": FOREIGN}]


@pytest.mark.parametrize("cookie", [b"", b"fleetline_session=bad", b"other=good", b"fleetline_session"])
async def test_without_a_session_the_page_is_told_to_sign_in(cookie: bytes) -> None:
    wire = Wire()
    await gateway(page)(scope(cookie=cookie), wire.incoming.get, wire.send)
    assert [message["type"] for message in wire.sent] == ["websocket.accept", "websocket.close"]
    assert wire.sent[1]["code"] == SIGNED_OUT


async def test_a_page_from_before_an_upgrade_is_told_to_load_itself_again() -> None:
    wire = Wire()
    await gateway(page)(scope(query=b"path=/app&tag=000000000000"), wire.incoming.get, wire.send)
    assert [message["type"] for message in wire.sent] == ["websocket.accept", "websocket.close"]
    assert wire.sent[1]["code"] == OUTDATED
    wire = Wire()
    wire.incoming.put_nowait({"type": "websocket.disconnect"})
    await gateway(page)(scope(query=f"path=/app&tag={asset_tag()}".encode()), wire.incoming.get, wire.send)
    assert wire.sent == [{"type": "websocket.accept"}]


async def test_ending_a_session_ends_its_pages_at_once() -> None:
    wire, guard = Wire(), gateway(page)
    task = asyncio.create_task(guard(scope(), wire.incoming.get, wire.send))
    wire.incoming.put_nowait({"type": "websocket.receive", "text": EVENT})
    while len(wire.sent) < 2:
        await asyncio.sleep(0)
    guard.close_session(uuid4())
    assert not task.done()
    guard.close_session(SESSION)
    await asyncio.wait_for(task, 1)
    assert wire.sent[-1] == {"type": "websocket.close", "code": SIGNED_OUT}
    assert not guard.open, "nothing is kept of a closed page"


async def test_nothing_is_sent_before_the_socket_is_accepted() -> None:
    wire = Wire()
    await gateway(hasty)(scope(), wire.incoming.get, wire.send)
    assert [message["type"] for message in wire.sent] == ["websocket.accept", "websocket.send"]


async def test_assets_never_change_under_their_address() -> None:
    wire = Wire()
    request = {
        "type": "http",
        "method": "GET",
        "path": asset_url("boot.js"),
        "headers": [(b"accept-encoding", b"br")],
    }
    await gateway(page)(request, wire.incoming.get, wire.send)
    headers = dict(wire.sent[0]["headers"])
    assert headers[b"cache-control"] == b"public, max-age=31536000, immutable"
    assert headers[b"content-encoding"] == b"br"
    wire = Wire()
    await gateway(page)({**request, "path": "/assets/000000000000/boot.js"}, wire.incoming.get, wire.send)
    assert wire.sent[0]["status"] == 404


async def test_an_app_that_refuses_before_it_accepts_ends() -> None:
    async def refusing(_: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close", "code": 4404})

    wire = Wire()
    await asyncio.wait_for(gateway(refusing)(scope(), wire.incoming.get, wire.send), 1)
    assert wire.sent == [{"type": "websocket.close", "code": 4404}]


NOT_EVENTS = [
    "hello",
    "",
    "[]",
    "{}",
    "[" * 100_000,
    '{"type":"other","target":"t","data":[]}',
    '{"type":"layout-event","target":1,"data":[]}',
    '{"type":"layout-event","target":"t","data":{}}',
    '{"type":"layout-event","target":"t"}',
    '{"type":"layout-event","target":"' + "t" * 20_000 + '","data":[]}',
    '{"type":"layout-event","target":"t","data":["' + "x" * LARGEST + '"]}',
    # As wide, deep and long as no form and no selection is
    orjson.dumps(EVENT_OF | {"data": [{str(n): 1 for n in range(80_000)}]}).decode(),
    orjson.dumps(EVENT_OF | {"data": [{str(n): str(n) for n in range(MOST_FIELDS + 1)}]}).decode(),
    orjson.dumps(EVENT_OF | {"data": [{"target": {"values": {"a": ["x"] * 100_000}}}]}).decode(),
    orjson.dumps(EVENT_OF | {"data": [{"ids": [MEMBER] * 21_000}]}).decode(),
    orjson.dumps(EVENT_OF | {"data": [{"path": "/app/fleet", "query": "?" + "a=&" * 30_000}]}).decode(),
    orjson.dumps(EVENT_OF | {str(n): 1 for n in range(MOST_FIELDS)}).decode(),
    '{"type":"layout-event","target":"t","data":' + "[" * 9 + "]" * 9 + "}",
    '{"type":"layout-event\\n2026-11-29 [warning] forged","target":"t","data":[]}',
]


@pytest.mark.parametrize("text", NOT_EVENTS, ids=range(len(NOT_EVENTS)))
async def test_what_our_script_does_not_send_closes_the_socket_and_is_not_logged(text: str) -> None:
    assert not is_event(text)
    assert is_event(EVENT)
    wire = Wire()
    wire.incoming.put_nowait({"type": "websocket.receive", "text": text})
    wire.incoming.put_nowait({"type": "websocket.receive", "text": EVENT})
    with capture_logs() as logged:
        await asyncio.wait_for(gateway(page)(scope(), wire.incoming.get, wire.send), 1)
    assert wire.sent == [
        {"type": "websocket.accept"},
        {"type": "websocket.close", "code": POLICY_VIOLATION},
    ]
    assert len(str(logged)) < 300


def test_a_form_and_a_selection_of_twenty_thousand_lines_are_events() -> None:
    chosen = {"act": "start", "kind": "suspend", "ids": [uuid4() for _ in range(20_000)]}
    values = {f"field-{n}": [f"value {n}", "another"] for n in range(MOST_FIELDS)}
    form = {"type": "submit", "target": {"values": values}, "currentTarget": {"values": {}}}
    address = {"path": "/app/fleet", "query": "?" + "x" * LONGEST_ADDRESS}
    for sent in (chosen, form, address):
        assert is_event(orjson.dumps(EVENT_OF | {"data": [sent]}).decode())


@pytest.mark.parametrize(
    "path",
    [
        "/reactpy/os.path/",
        "/reactpy/frontend.routes.Root",
        "/other",
        "/reactpy/frontend.pages.home.HomePage/",
    ],
)
async def test_another_socket_than_that_of_our_pages_is_refused_before_anything_reads_it(path: str) -> None:
    wire = Wire()
    wire.incoming.put_nowait({"type": "websocket.disconnect"})
    with capture_logs() as logged:
        await gateway(page)(scope(path=path), wire.incoming.get, wire.send)
    assert wire.sent == [{"type": "websocket.close", "code": POLICY_VIOLATION}]
    assert len(logged) == 1


async def test_what_reads_the_socket_is_given_a_query_that_can_be_read() -> None:
    seen: list[dict[str, Any]] = []

    async def reading(given: Any, receive: Any, send: Any) -> None:
        seen.append(given)

    for query in (b"path=/app/fleet&qs=%3Fplan%3Dp%26a%3Db", b"nonsense&path=/app&=&;", b"path=/app"):
        wire = Wire()
        await gateway(reading)(scope(query=query), wire.incoming.get, wire.send)
    # As ReactPy reads it
    read = [parse_qs(one["query_string"].decode(), strict_parsing=True) for one in seen]
    assert read == [{"path": ["/app/fleet"], "qs": ["?plan=p&a=b"]}, {"path": ["/app"]}, {"path": ["/app"]}]
    wire = Wire()
    many = b"&".join(b"a=b" for _ in range(1000))
    await gateway(reading)(scope(query=many), wire.incoming.get, wire.send)
    assert wire.sent == [{"type": "websocket.close", "code": POLICY_VIOLATION}]
    assert len(seen) == 3


async def test_bytes_are_no_event() -> None:
    wire = Wire()
    wire.incoming.put_nowait({"type": "websocket.receive", "bytes": EVENT.encode()})
    await asyncio.wait_for(gateway(page)(scope(), wire.incoming.get, wire.send), 1)
    assert wire.sent[-1] == {"type": "websocket.close", "code": POLICY_VIOLATION}


async def test_a_flood_is_held_up_and_ending_the_session_still_ends_it() -> None:
    wire, guard = Wire(), gateway(page)
    for _ in range(int(MESSAGES) + 100):
        wire.incoming.put_nowait({"type": "websocket.receive", "text": EVENT})
    task = asyncio.create_task(guard(scope(), wire.incoming.get, wire.send))
    await asyncio.sleep(0.5)
    assert MESSAGES <= len(wire.sent) < MESSAGES + 0.5 * MESSAGES_A_SECOND + 10
    guard.close_session(SESSION)
    await asyncio.wait_for(task, 1)


def test_large_messages_take_more_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    budget = MessageBudget()
    waits = [budget.wait_for(LARGEST) for _ in range(8)]
    assert waits[:4] == [0.0] * 4
    assert waits[4:] == sorted(waits[4:])
    assert waits[4] >= 8
    now += 3600
    assert budget.wait_for(LARGEST) == 0.0


async def test_one_member_opens_so_many_sockets_and_another_takes_the_place_of_a_closed_one() -> None:
    guard, wires = gateway(page), [Wire() for _ in range(SOCKETS)]
    tasks = [asyncio.create_task(guard(scope(), wire.incoming.get, wire.send)) for wire in wires]
    while not all(wire.sent for wire in wires):
        await asyncio.sleep(0)
    over = Wire()
    await asyncio.wait_for(guard(scope(), over.incoming.get, over.send), 1)
    assert over.sent[-1] == {"type": "websocket.close", "code": TOO_MANY}
    wires[0].incoming.put_nowait({"type": "websocket.disconnect"})
    await asyncio.wait_for(tasks[0], 1)
    again = Wire()
    again.incoming.put_nowait({"type": "websocket.disconnect"})
    await asyncio.wait_for(guard(scope(), again.incoming.get, again.send), 1)
    assert again.sent == [{"type": "websocket.accept"}]
    guard.close_session(SESSION)
    await asyncio.wait_for(asyncio.gather(*tasks), 1)
    assert not guard.sockets
