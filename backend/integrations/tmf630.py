"""What all TMF messages share (TMF630): how they are read, their characteristics, their errors. Pure."""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class MalformedError(ValueError):
    """A carrier's message cannot be understood; nothing may be concluded from it."""


class TmfModel(msgspec.Struct, rename="camel"):
    """An error as TMF words it, of a request, an order or one of its items."""

    code: str = ""
    reason: str = ""
    message: str = ""


class Characteristic(msgspec.Struct):
    """One named value of a TMF resource."""

    name: str
    value: Any = None


def decode(body: bytes, kind: type[T]) -> T:
    """What is read can also be kept: one message that the database refuses would hold up all that came with it."""
    if rb"\u0000" in body:
        raise MalformedError("the carrier's message holds a character that cannot be stored")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"the carrier's message cannot be read: {error}") from None


def parse_refusal(body: bytes) -> tuple[str, str] | None:
    """Code and sentence of a TMF error; None where this is not one (a proxy's page, a wrong address)."""
    try:
        error = decode(body, TmfModel)
    except MalformedError:
        return None
    return (error.code, error.message or error.reason) if error.code and error.reason else None
