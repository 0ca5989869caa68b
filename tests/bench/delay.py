"""A TCP proxy that delays both directions and counts bytes: the network between browser and server.

The developer tools' own emulation leaves sockets alone. `python -m tests.bench.delay LISTEN TARGET MILLISECONDS`.
"""

import asyncio
import contextlib
import sys

CHUNK = 64 * 1024


class Network:
    """`milliseconds` each way."""

    def __init__(self, target: int, milliseconds: float) -> None:
        self.target, self.seconds = target, milliseconds / 1000
        self.down = 0  # bytes that came from the server

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._connect, "127.0.0.1", port)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.seconds)  # the handshake's way there
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(
                self._carry(reader, to_writer, counts=False), self._carry(to_reader, writer, counts=True)
            )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, data = await on_the_way.get()
                if (wait := due - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    break
                writer.write(data)

        arriving = asyncio.ensure_future(arrive())
        try:
            while True:
                data = await reader.read(CHUNK)
                self.down += len(data) if counts else 0
                on_the_way.put_nowait((loop.time() + self.seconds, data))
                if not data:
                    break
            await arriving
        finally:
            arriving.cancel()
            writer.close()


async def main(listen: int, target: int, milliseconds: float) -> None:
    async with await Network(target, milliseconds).serve(listen) as server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
