"""What all TMF messages share (TMF630): how they are read, their characteristics, their errors. Pure.

Carriers differ in what they leave out, say as null or write as a number. What is certain is read; anything else raises
MalformedError, whose words hold no value of the message.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

# Of an event, an option or a plan: they are indexed, and an index takes some 2,700 bytes
LONGEST_CODE = 200
LONGEST_TEXT = 2000
# Wrapped values within wrapped values
DEEPEST_VALUE = 3
WIDE, WIDE_NUMBER = 2**63, re.compile(rb"[0-9]{19}")
BETWEEN_WORDS = re.compile(r"[\s_-]+")


class MalformedError(ValueError):
    """A carrier's message cannot be understood; nothing may be concluded from it."""


class NotJsonError(MalformedError):
    """It is no message at all: the page of a proxy, or half an answer."""


class TmfModel(msgspec.Struct):
    """An error as TMF words it, of a request, an order or one of its items."""

    code: str = ""
    reason: str = ""
    message: str = ""


def decode(body: bytes) -> Any:
    """The JSON of a message; NUL is left out, and a number beyond 64 bits is its digits. Raises NotJsonError.

    Neither can be stored, and such a number cannot be compared with a float.
    """
    try:
        found = msgspec.json.decode(body)
        return _storable(found) if rb"\u0000" in body or WIDE_NUMBER.search(body) else found
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJsonError(f"the carrier's message cannot be read: {error}") from None


def _storable(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case bool():
            return value
        case int():
            return value if abs(value) < WIDE else str(value)
        case dict():
            return {name.replace("\0", ""): _storable(each) for name, each in value.items()}
        case list():
            return [_storable(each) for each in value]
    return value


def object_of(value: Any, what: str) -> dict[str, Any]:
    """An object; a null is an empty one. Raises MalformedError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError(f"{what} is not an object")
    return value


def objects_of(value: Any, what: str) -> list[dict[str, Any]]:
    """A list of objects; a null is an empty list, and an object is a list of one. Raises MalformedError."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise MalformedError(f"{what} is not a list")
    return [object_of(each, what) for each in value]


def word_of(value: Any, what: str, longest: int = LONGEST_CODE) -> str:
    """A text; a null is empty, and a whole number is its digits. Raises MalformedError."""
    if value is None:
        return ""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise MalformedError(f"{what} is not a text")
    if len(text) > longest:
        raise MalformedError(f"{what} is longer than {longest} characters")
    return text.strip()


def plain_word(word: str) -> str:
    """A word of a closed list, however its letters and the gaps between its parts are written."""
    return BETWEEN_WORDS.sub("", word).casefold()


def characteristics_of(value: Any, what: str) -> Iterator[tuple[str, Any]]:
    """The names and values of a list of characteristics. What has no name is left out. Raises MalformedError."""
    for each in objects_of(value, what):
        name = each.get("name")
        if isinstance(name, str) and name:
            yield name, unwrapped(each.get("value"))


def unwrapped(value: Any) -> Any:
    """The value itself, where a carrier puts it into an object with its type (`{"@type": "…", "value": …}`)."""
    for _ in range(DEEPEST_VALUE):
        if not (isinstance(value, dict) and "value" in value):
            break
        value = value["value"]
    return value


def error_of(value: Any) -> TmfModel:
    """An error, as far as it can be read: what is too long is cut."""
    found = value if isinstance(value, dict) else {}
    return TmfModel(
        code=_cut(found.get("code"), LONGEST_CODE),
        reason=_cut(found.get("reason"), LONGEST_TEXT),
        message=_cut(found.get("message"), LONGEST_TEXT),
    )


def _cut(value: Any, longest: int) -> str:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text.strip()[:longest] if isinstance(text, str) else ""


def parse_refusal(body: bytes) -> tuple[str, str] | None:
    """Code and sentence of a TMF error; None where this is not one (a proxy's page, a wrong address)."""
    try:
        error = error_of(decode(body))
    except MalformedError:
        return None
    return (error.code, error.message or error.reason) if error.code and error.reason else None
