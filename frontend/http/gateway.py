"""The outermost layer: serves assets, and guards the socket by origin and session."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog

from backend.core.i18n import choose_language
from backend.settings import Settings
from backend.web.cookies import CookieNames, read_cookie
from backend.web.origin import origin_of
from backend.web.response_headers import with_headers
from backend.web.types import AnyRequest
from frontend.assets import asset_tag, asset_url, assets
from frontend.http.address_checks import AsgiScope, http_address_problem, refuse_address, socket_query
from frontend.http.socket_limits import SOCKETS, MessageBudget, is_event
from frontend.i18n import translator_for
from frontend.page_context import PageContext, Services

log = structlog.get_logger()

AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
AsgiApp = Callable[[AsgiScope, Receive, Send], Awaitable[None]]

# The page goes to sign-in
SIGNED_OUT = 4401
FOREIGN = 4403
# A page from before an upgrade: it loads itself again
OUTDATED = 4409
# More pages are open than one member needs
TOO_MANY = 4429
# Not what our own script sends (RFC 6455, 7.4.1)
POLICY_VIOLATION = 1008


async def open_page(
    settings: Settings, services: Services, headers: dict[bytes, bytes]
) -> PageContext | None:
    """The visit behind a request's session cookie, or None where nobody is signed in."""
    sent = headers.get(b"cookie", b"").decode("latin-1")
    token = read_cookie(sent, CookieNames(settings.secure).session)
    actor = await services.authenticate(token) if token else None
    if actor is None:
        return None
    accepted = headers.get(b"accept-language", b"").decode("latin-1")
    language = choose_language(actor.language, accepted)
    profile, fleet = await services.profile(actor), await services.fleet(actor)
    return PageContext(settings, services, actor, profile, translator_for(language), fleet)


class Gateway:
    """Assets and socket; every other request goes to the application."""

    def __init__(self, app: AsgiApp, socket: AsgiApp, settings: Settings, services: Services) -> None:
        self.app, self.socket, self.settings, self.doors = app, socket, settings, services
        self.assets, self.tag = assets(), asset_tag()
        self.origin = origin_of(settings.public_url)
        self.open: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self.sockets: Counter[UUID] = Counter()

    def close_session(self, session_id: UUID) -> None:
        """End every open page of a session at once (in this process)."""
        for gone in self.open.get(session_id, ()):
            gone.set()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            send = with_headers(send, secure=self.settings.secure)
        if scope["type"] == "websocket":
            await self._guard(scope, receive, send)
        elif (problem := http_address_problem(scope)) is not None:
            await refuse_address(scope, send, problem)
        elif scope["type"] == "http" and scope["path"].startswith("/assets/"):
            await self._asset(scope, send)
        elif scope["type"] == "http" and scope["path"] == "/favicon.ico":
            # Asked for whatever a page says
            await self._asset({**scope, "path": asset_url("mark.svg")}, send)
        else:
            await self.app(scope, receive, send)

    async def _asset(self, scope: AsgiScope, send: Send) -> None:
        found = self.assets.get(scope["path"])
        if found is None or scope["method"] not in {"GET", "HEAD"}:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        encoding, body = found.best(dict(scope["headers"]).get(b"accept-encoding", b"").decode("latin-1"))
        headers = [
            (b"content-type", found.content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, max-age=31536000, immutable"),
            (b"vary", b"accept-encoding"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if encoding:
            headers.append((b"content-encoding", encoding.encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _guard(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"origin", b"").decode("latin-1") != self.origin:
            log.warning("socket refused", why="origin", origin=headers.get(b"origin", b"").decode("latin-1"))
            await receive()
            await send({"type": "websocket.close", "code": FOREIGN})
            return
        query = socket_query(scope)
        if query is None:
            # No page of ours asks for it, so nothing reads it
            log.warning("socket refused", why="address", size=len(scope["query_string"]))
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        page = await open_page(self.settings, self.doors, headers)
        if page is None:
            await _close_socket(receive, send, SIGNED_OUT)
            return
        if query.get("tag", self.tag) != self.tag:
            await _close_socket(receive, send, OUTDATED)
            return
        page.booted = "boot" in query
        session, owner = page.actor.session_id, page.actor.member_id or page.actor.tenant_id
        if self.sockets[owner] >= SOCKETS:
            log.warning("socket refused", why="too many", member=str(owner))
            await _close_socket(receive, send, TOO_MANY)
            return
        line = SocketGuard(receive, send, name=str(owner))
        self.sockets[owner] += 1
        if session is not None:
            self.open[session].add(line.gone)
        try:
            address = urlencode({name: query.get(name, "") for name in ("path", "qs")}).encode()
            visited = {**scope, "query_string": address, "fleetline.visit": page}
            await self.socket(visited, line.receive, line.send)
        finally:
            self.sockets[owner] -= 1
            if not self.sockets[owner]:
                del self.sockets[owner]
            if session is not None:
                self.open[session].discard(line.gone)
                if not self.open[session]:
                    del self.open[session]


async def _close_socket(receive: Receive, send: Send, code: int) -> None:
    """Close with a reason. Accepted first: of a refused handshake the page's script sees none."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


class SocketGuard:
    """A socket that can be ended from outside, and that sends nothing before it is accepted or refused.

    It hands on events of our own script only, and no more than a person makes. Anything else closes it.
    """

    def __init__(self, receive: Receive, send: Send, *, name: str = "") -> None:
        self._receive, self._send, self._name = receive, send, name
        self._budget = MessageBudget()
        self.gone, self._accepted, self._closed = asyncio.Event(), asyncio.Event(), False

    async def receive(self) -> AsgiMessage:
        """The next message of the page; a disconnect where it was ended, or sent what is no event."""
        message = await self._next()
        if message["type"] != "websocket.receive":
            return message
        text = message.get("text") or ""
        if not is_event(text):
            log.warning("socket closed", why="not an event", member=self._name, size=len(text))
            if not self._closed:
                self._closed = True
                await self._send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        if wait := self._budget.wait_for(len(text)):
            # What comes meanwhile waits in the connection, which holds the sender up.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.gone.wait(), wait)
        return message

    async def _next(self) -> AsgiMessage:
        message = asyncio.ensure_future(self._receive())
        gone = asyncio.ensure_future(self.gone.wait())
        try:
            await asyncio.wait({message, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not message.done():
                message.cancel()
        if self.gone.is_set():
            if not self._closed:
                self._closed = True
                await self._send({"type": "websocket.close", "code": SIGNED_OUT})
            return {"type": "websocket.disconnect", "code": SIGNED_OUT}
        got = message.result()
        if got["type"] == "websocket.disconnect":
            self._closed = True
        return got

    async def send(self, message: AsgiMessage) -> None:
        """Send once the socket was accepted; nothing after it was closed."""
        if message["type"] == "websocket.accept":
            await self._send(message)
            self._accepted.set()
            return
        # Which refuses the socket where it was not accepted
        if message["type"] != "websocket.close":
            await self._accepted.wait()
        if self._closed:
            return
        if message["type"] == "websocket.close":
            self._closed = True
        try:
            await self._send(message)
        except OSError:
            # The browser went away in the meantime; the reading side hears of it too
            self._closed = True


async def page_of(request: AnyRequest) -> PageContext | None:
    """The page of the person whose session cookie the request has; None where nobody is signed in."""
    settings: Settings = request.app.state["settings"]
    services: Services = request.app.state["doors"]
    return await open_page(settings, services, dict(request.scope["headers"]))
