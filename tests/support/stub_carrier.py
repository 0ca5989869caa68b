"""A carrier that says exactly what a test wants it to say: for messages that the sandbox would never write."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from tests.support.serving import free_port, running

Answer = Any | Callable[[dict[str, Any], str], Any]


class StubCarrier:
    """Answers by method and end of the path. An answer is JSON, bytes, or a function of the message and the path.

    JSON with a `code` and no `id` is a refusal.
    """

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[tuple[str, str], Answer] = {}
        self.total: str | None = None
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def say(self, method: str, part: str, answer: Answer) -> None:
        """From now on requests of this method whose path holds this part get this answer; the last one said wins."""
        self.answers = {
            (method, part): answer,
            **{k: v for k, v in self.answers.items() if k != (method, part)},
        }

    def inventory(self, services: list[Any], *, total: int | None = None) -> None:
        """The services of the inventory, in pages."""

        def page(_: dict[str, Any], query: str) -> list[Any]:
            asked = parse_qs(query)
            offset, limit = int(asked["offset"][0]), int(asked["limit"][0])
            return services[offset : offset + limit]

        self.total = str(len(services) if total is None else total)
        self.say("GET", "/service?", page)

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode()
        path = scope["raw_path"].decode().partition("?")[0] + (f"?{query}" if query else "")
        told = json.loads(body) if body else {}
        self.asked.append((scope["method"], path, told))
        found = [
            answer
            for (method, part), answer in self.answers.items()
            if method == scope["method"] and part in path
        ]
        answer = found[0] if found else None
        said = answer(told, query or path) if callable(answer) else answer
        content = said if isinstance(said, bytes) else json.dumps(said).encode()
        refused = isinstance(said, dict) and "code" in said and "id" not in said
        status = 404 if not found else 422 if refused else 200
        if not found:
            content = json.dumps({"code": "notFound", "reason": "Not here"}).encode()
        headers = [(b"content-type", b"application/json")]
        if self.total is not None:
            headers.append((b"x-total-count", self.total.encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


@asynccontextmanager
async def stub_carrier() -> AsyncIterator[StubCarrier]:
    stub, port = StubCarrier(), free_port()
    server = uvicorn.Server(
        uvicorn.Config(stub, port=port, log_level="error", access_log=False, lifespan="off")
    )
    stub.url = f"http://127.0.0.1:{port}"
    async with running(server):
        yield stub


def told_order(
    external_id: str, state: Any, *, carrier_id: str = "", errors: Any = None, **values: Any
) -> dict[str, Any]:
    """A TMF641 service order with the characteristics of its line."""
    told = [{"name": name, "value": value} for name, value in values.items()]
    item = {"id": "1", "service": {"serviceCharacteristic": told}}
    return {
        "id": carrier_id or f"c-{external_id}",
        "externalId": external_id,
        "state": state,
        "errorMessage": errors,
        "serviceOrderItem": [item],
    }


def told_service(
    msisdn: Any, account: str, *, state: Any = "active", start: Any = None, **values: Any
) -> dict[str, Any]:
    """A TMF638 service of a line."""
    values = {"billingAccount": account, "productType": "voice_data", "plan": "p"} | values
    told = [{"name": name, "value": value} for name, value in values.items()]
    return {"id": msisdn, "state": state, "startDate": start, "serviceCharacteristic": told}
