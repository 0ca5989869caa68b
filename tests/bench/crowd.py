"""Open fleet pages without a browser, speaking the client's protocol; a process of its own, told by lines on stdin.

`open N`, `use` (one interaction on each page), `load SECONDS PERIOD`, `end`: each answers with one line of JSON.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

AT_ONCE = 8
PATIENCE_SECONDS = 60  # a busy machine is slow, and that is a figure; only an answer that is lost is an error
QUERIES = ("", "?page=2", "?page=3", "?sort=-name", "?sort=msisdn", "?search=peeters", "?status=suspended")


def target_of(node: Any) -> str:
    """The handler of a changed address, in a drawn tree."""
    if isinstance(node, dict):
        found = node.get("eventHandlers", {}).get("onAddress")
        return found["target"] if found else next(filter(None, map(target_of, node.get("children", ()))), "")
    return ""


class OpenPage:
    """One socket; the answer to an interaction is the message with the list."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.target, self.sent, self.query, self.heard = socket, "", 0, "", ""
        self.ready, self.answered = asyncio.Event(), asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self.socket:
            self.heard = str(text)[:300]
            if text.startswith('{"type":"layout-update"'):  # type: ignore[arg-type]
                self.target = target_of(json.loads(text)["model"]) or self.target
                self.ready.set()
            elif '"regions":' in text[:60]:  # type: ignore[operator]
                self.answered.set()

    async def interact(self) -> float:
        """Milliseconds from the event to the new list."""
        self.query = random.choice([query for query in QUERIES if query != self.query])
        event = {"path": "/app/fleet", "query": self.query}
        self.answered.clear()
        began = time.perf_counter()
        await self.socket.send(
            json.dumps({"type": "layout-event", "data": [event], "target": self.target, "seq": self.sent})
        )
        self.sent += 1
        try:
            await asyncio.wait_for(self.answered.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            raise RuntimeError(f"no answer to {self.query!r}; last heard: {self.heard}") from None
        return (time.perf_counter() - began) * 1000


class Crowd:
    def __init__(self, url: str, origin: str, session: str) -> None:
        self.url, self.origin = url, origin
        self.headers = {"cookie": f"fleetline_session={session}"}
        self.pages: list[OpenPage] = []

    async def open(self, number: int) -> dict[str, float]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one() -> None:
            async with gate:
                page = OpenPage(
                    await connect(
                        self.url, additional_headers=self.headers, origin=self.origin, ping_interval=None
                    )  # type: ignore[arg-type]
                )
                await page.ready.wait()
                self.pages.append(page)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(number)))
        return {"open": len(self.pages), "seconds": time.perf_counter() - began}

    async def use(self) -> dict[str, float]:
        for page in self.pages:
            await page.interact()
        return {"used": len(self.pages)}

    async def load(self, seconds: float, period: float) -> dict[str, float]:
        """Every page interacts once a period, spread evenly."""
        times: list[float] = []
        until = time.perf_counter() + seconds

        async def one(page: OpenPage, first: float) -> None:
            await asyncio.sleep(first)
            due = time.perf_counter()
            while due < until:
                times.append(await page.interact())
                due += period
                await asyncio.sleep(max(due - time.perf_counter(), 0))

        await asyncio.gather(
            *(one(page, period * index / len(self.pages)) for index, page in enumerate(self.pages))
        )
        times.sort()
        return {"answers": len(times), "p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]}


async def main(url: str, origin: str, session: str) -> None:
    crowd = Crowd(url, origin, session)
    while line := await asyncio.to_thread(sys.stdin.readline):
        command, *numbers = line.split()
        if command == "end":
            break
        done = await getattr(crowd, command)(*(int(number) for number in numbers))
        sys.stdout.write(json.dumps(done) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
