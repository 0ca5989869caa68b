"""The characteristics of a line that we know, each read as what it is: a number, a code, a list, a day. Pure.

What is certain is taken in any of its usual forms: an instant where a day is expected, one code where a list is
expected, digits where a text is expected, a word in another case. Anything else raises MalformedError, since a line
must not get a value that the carrier did not mean. Of a name that we do not know, a value that cannot be kept is left out.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from backend.core import clock
from backend.integrations.tmf630 import (
    LONGEST_CODE,
    LONGEST_TEXT,
    MalformedError,
    plain_word,
    unwrapped,
    word_of,
)
from backend.integrations.tmf_secrets import is_secret

LONGEST_NAME = 100
MOST_TOLD = 50
# Beyond it readers of JSON disagree
LARGEST_NUMBER = 2**53
# A column of the database
LARGEST_CENTS = 2**31 - 1
# A text with one of these may be a list in a form of its own
SEPARATORS = re.compile(r"[\s,;|]")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# No value and an empty one are the same to a carrier, but a cap that is lifted has to be said: an explicit null.
NULLABLE = frozenset({"roamingCapCents"})

# The states of a line that a carrier may say, and the words of TMF638 for them
LINE_STATES = frozenset(
    {
        "pending_active", "active", "suspended", "pending_release", "released_prepaid", "released_private",
        "pending_termination", "terminated",
    }
)  # fmt: skip
SERVICE_STATES: Mapping[str, str] = {
    "feasibilityChecked": "pending_active",
    "designed": "pending_active",
    "reserved": "pending_active",
    "inactive": "suspended",
    "active": "active",
    "terminated": "terminated",
}
SIM_KINDS: Mapping[str, str] = {
    "physical": "physical",
    "simCard": "physical",
    "esim": "esim",
    "esimProfile": "esim",
}


def _by_plain_word(words: Mapping[str, str]) -> dict[str, str]:
    return {plain_word(word): meaning for word, meaning in words.items()}


_LINE_STATES = _by_plain_word({**SERVICE_STATES, **{state: state for state in LINE_STATES}})
_SIM_KINDS = _by_plain_word(SIM_KINDS)


def code_of(value: Any, what: str) -> str:
    """A code: a text, or its digits."""
    return word_of(value, what)


def state_of(value: Any, what: str) -> str:
    """A state, in our way of writing: small letters, with `_` between words."""
    return re.sub(r"[\s-]+", "_", word_of(value, what)).casefold()


def codes_of(value: Any, what: str) -> list[str]:
    """A list of codes; one code is a list of one."""
    if isinstance(value, str) and SEPARATORS.search(value.strip()):
        raise MalformedError(f"{what} is a text and not a list")
    found = value if isinstance(value, list) else [value] if isinstance(value, str) else None
    if found is None or len(found) > LONGEST_CODE:
        raise MalformedError(f"{what} is not a list of a sane length")
    codes = [word_of(unwrapped(each), what) for each in found]
    if not all(codes):
        raise MalformedError(f"{what} holds an empty code")
    return codes


def cents_of(value: Any, what: str) -> int | None:
    """An amount in cents; null is none."""
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
        value = int(value) if len(value.strip()) <= len(str(LARGEST_CENTS)) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_CENTS:
        raise MalformedError(f"{what} is not an amount in cents")
    return value


def phone_of(value: Any, what: str) -> str:
    """A number in E.164, with or without its plus."""
    text = re.sub(r"[\s./-]", "", word_of(value, what))
    if text.startswith("00"):
        text = f"+{text[2:]}"
    elif text and text[0] in "123456789":
        text = f"+{text}"
    if text and not E164.fullmatch(text):
        raise MalformedError(f"{what} is not a telephone number with its country")
    return text


def sim_kind_of(value: Any, what: str) -> str:
    """The kind of a SIM: physical or esim; empty where nothing is said."""
    word = plain_word(word_of(value, what))
    if word and word not in _SIM_KINDS:
        raise MalformedError(f"{what} is neither a SIM card nor an eSIM profile")
    return _SIM_KINDS.get(word, "")


def line_state_of(value: Any, what: str) -> str:
    """The state of a line, in our words; empty where nothing is said."""
    word = plain_word(word_of(value, what))
    if word and word not in _LINE_STATES:
        raise MalformedError(f"{what} is not a state that we know")
    return _LINE_STATES.get(word, "")


def instant_of(value: Any, what: str) -> datetime | None:
    """An instant in UTC. A day is its beginning in Belgium; a time without an offset is UTC."""
    text = word_of(value, what)
    if not text:
        return None
    try:
        if (day := _day_alone(text)) is not None:
            return clock.midnight(day).astimezone(UTC)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedError(f"{what} is not an instant") from None


def day_of(value: Any, what: str) -> date | None:
    """A day; an instant is the day that it falls on in Belgium."""
    text = word_of(value, what)
    try:
        day = _day_alone(text) if text else None
    except ValueError:
        raise MalformedError(f"{what} is not a day") from None
    if day is not None:
        return day
    instant = instant_of(text, what)
    try:
        return None if instant is None else clock.local(instant).date()
    except OverflowError:
        raise MalformedError(f"{what} is not a day") from None


def _day_alone(text: str) -> date | None:
    """The day of a text that names no time; None for any other. Raises ValueError."""
    return date.fromisoformat(text) if len(text) in {len("20261101"), len("2026-11-01")} else None


def _day_text(value: Any, what: str) -> str:
    day = day_of(value, what)
    return day.isoformat() if day else ""


def _instant_text(value: Any, what: str) -> str:
    at = instant_of(value, what)
    return at.isoformat() if at else ""


READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "msisdn": phone_of,
    "billingAccount": code_of,
    "productType": code_of,
    "plan": code_of,
    "simNumber": code_of,
    "companionSim": code_of,
    "splitProfile": code_of,
    "simKind": sim_kind_of,
    "status": line_state_of,
    "esimState": state_of,
    "portState": state_of,
    "options": codes_of,
    "barrings": codes_of,
    "roamingCapCents": cents_of,
    "activatedOn": _day_text,
    "agreedAt": _instant_text,
}


# An empty text says nothing of these
NOT_TEXTS = frozenset({"options", "barrings", "roamingCapCents", "activatedOn", "agreedAt"})


def _says_nothing(name: str, value: Any) -> bool:
    """Whether a value is none: a null, an empty text in place of a list or a day, or an echo of the order's own wish."""
    if value is None:
        return name not in NULLABLE
    # An order asks for a companion card by true or false; what the carrier reports is the number of the card
    return (value == "" and name in NOT_TEXTS) or (name == "companionSim" and isinstance(value, bool))


def read_characteristics(told: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Characteristics by name, the last of each; no secrets, no nulls but for what a null says.

    Raises MalformedError for a name that we know with a value that is not one.
    """
    known: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in told:
        if is_secret(name) or _says_nothing(name, value):
            continue
        if name in READERS:
            known[name] = value
        elif len(name) <= LONGEST_NAME and _sane(value) and (name in others or len(others) < MOST_TOLD):
            others[name] = value
    # The last of a name counts, so an earlier one need not be readable
    return others | {name: READERS[name](value, f"the carrier's {name!r}") for name, value in known.items()}


def _sane(value: object) -> bool:
    """Whether a value of a name that we do not know can be kept."""
    match value:
        case None | bool():
            return True
        case str():
            return len(value) <= LONGEST_TEXT
        case int() | float():
            return math.isfinite(value) and abs(value) <= LARGEST_NUMBER
        case list():
            return len(value) <= LONGEST_CODE and all(
                isinstance(each, (str, int, float)) and _sane(each) and len(str(each)) <= LONGEST_CODE
                for each in value
            )
    return False
