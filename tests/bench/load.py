"""`python -m tests.bench.load PORT PATH TOKEN SECONDS CONNECTIONS`: prints how many answers came in that time."""

import asyncio
import sys
import time


class Connection(asyncio.Protocol):
    """One keep-alive connection that asks again as soon as it is answered; as little work as can be."""

    def __init__(self, request: bytes, until: float, done: asyncio.Future[int]) -> None:
        self.request, self.until, self.done = request, until, done
        self.answers, self.missing, self.head = 0, 0, b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.missing -= len(data)
        else:
            self.head += data
            head, end, body = self.head.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head[:16]:
                self.done.set_exception(RuntimeError(self.head.decode(errors="replace")))
                return
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self.missing, self.head = int(length[15:]) - len(body), b""
        if self.missing <= 0:
            self.missing, self.answers = 0, self.answers + 1
            assert self.transport
            if time.monotonic() < self.until:
                self.transport.write(self.request)
            elif not self.done.done():
                self.done.set_result(self.answers)


async def main(port: int, path: str, token: str, seconds: float, connections: int) -> int:
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n".encode()
    loop, until = asyncio.get_running_loop(), time.monotonic() + seconds
    waiting = [loop.create_future() for _ in range(connections)]
    for one in waiting:
        await loop.create_connection(lambda one=one: Connection(request, until, one), "127.0.0.1", port)  # type: ignore[misc]
    return sum(await asyncio.gather(*waiting))


if __name__ == "__main__":
    port, path, token, seconds, connections = sys.argv[1:]
    sys.stdout.write(str(asyncio.run(main(int(port), path, token, float(seconds), int(connections)))))
