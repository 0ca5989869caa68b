"""Bodies of the operator's door that are files: read as a stream, never longer than a bound."""

import tempfile
from collections.abc import AsyncIterator
from typing import IO

from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIFormat, OpenAPIType

from backend.api.operator.access import TooLarge
from backend.web.types import AnyRequest

IN_MEMORY = 1024 * 1024


class FileOperation(Operation):
    """Documents a body that the handler reads as a stream."""

    def __post_init__(self) -> None:
        schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        self.request_body = RequestBody(
            content={"application/octet-stream": OpenAPIMediaType(schema=schema)}, required=True
        )


async def spooled(request: AnyRequest, largest: int, command: str) -> IO[bytes]:
    """The body in a file of its own, read before any scope is opened.

    Raises TooLarge above `largest` bytes; it names the command that takes larger files.
    """
    file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - handed to the caller
    try:
        async for chunk in _bounded(request, largest, f", or use `{command}`"):
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def whole_body(request: AnyRequest, largest: int) -> bytes:
    """The body, read before any scope is opened. Raises TooLarge above `largest` bytes."""
    return b"".join([chunk async for chunk in _bounded(request, largest)])


async def _bounded(request: AnyRequest, largest: int, otherwise: str = "") -> AsyncIterator[bytes]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            most = largest // 1024 // 1024
            raise TooLarge(f"A request holds at most {most} MB: send the file in parts{otherwise}.")
        yield chunk
