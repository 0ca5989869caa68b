"""Readers of settings, one for each kind of value. Each refuses what the product could not work with.

A refusal says what the value must be and never the value itself: it may be, or hold, a secret.
"""

import ipaddress
import itertools
import math
import re
import tomllib
from collections.abc import Callable
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

SHORTEST_KEY = 32
HOST = re.compile(r"[A-Za-z0-9._-]+")
CODE = re.compile(r"[a-z0-9][a-z0-9_-]*")
# What Dramatiq takes
QUEUE = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,199}")
# What travels in the header of a request
REMINDER_KEY = re.compile(r"step_[123]_(?:title|text)")
TOKEN = re.compile(r"[!-~]+")
EMAIL = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+")
LOGIN_SIGNS = "in a login, signs such as / # ? @ are written %2F %23 %3F %40"


class WrongValueError(ValueError):
    """The value of a setting cannot be used; the sentence says what it must be, and follows the setting's name."""


def words(text: str) -> tuple[str, ...]:
    """`one,two`."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def ibans(text: str) -> tuple[str, ...]:
    """Numbers of accounts, spaces removed: `BE68 5390 0754 7034, …`."""
    from stdnum import iban

    found = tuple("".join(part.split()).upper() for part in words(text))
    if not all(iban.is_valid(one, check_country=False) for one in found):
        raise WrongValueError("must be IBANs with commas between them, each with its right check digits")
    return found


def pairs(text: str) -> dict[str, str]:
    """`code=value,code=value`."""
    found: dict[str, str] = {}
    for part in words(text):
        code, _, value = (piece.strip() for piece in part.partition("="))
        if not CODE.fullmatch(code) or not value:
            raise WrongValueError("must be code=value,code=value: a carrier's code before each =")
        if code in found:
            raise WrongValueError(f"names the carrier {code} twice")
        found[code] = value
    return found


def yes_or_no(text: str) -> bool:
    """`yes` or `no`."""
    if text.strip().lower() not in {"yes", "no"}:
        raise WrongValueError("must be yes or no")
    return text.strip().lower() == "yes"


def reminder_days(text: str) -> tuple[int, ...]:
    """`7,21,35`: one day after the due date for each of at most three steps, rising. `none`: no reminders."""
    if text.strip().lower() == "none":
        return ()
    parts = words(text)
    days = tuple(int(part) for part in parts if re.fullmatch(r"[0-9]{1,3}", part))
    rising = all(earlier < later for earlier, later in itertools.pairwise(days))
    if len(days) != len(parts) or not 1 <= len(days) <= 3 or not rising or days[0] < 1:
        raise WrongValueError("must be one to three rising numbers of days, such as 7,21,35, or none")
    return days


def reminder_texts(text: str) -> dict[str, dict[str, str]]:
    """A TOML file of own words: `[fr]`, then `step_1_title = "…"`. Other keys, languages and placeholders are refused."""
    try:
        found = tomllib.loads(Path(text).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise WrongValueError("must name a TOML file that can be read, in UTF-8") from None
    for language, own in found.items():
        if language not in {"fr", "nl", "de", "en"} or not isinstance(own, dict):
            raise WrongValueError("must have the tables fr, nl, de or en, and nothing else")
        for key, value in own.items():
            if not REMINDER_KEY.fullmatch(key) or not isinstance(value, str) or not value.strip():
                raise WrongValueError(
                    "may hold step_1_title, step_1_text and so on to step_3_text, each a text"
                )
            if set(re.findall(r"\{[^}]*\}?|\}", value)) - {"{amount}", "{account}"}:
                raise WrongValueError("may use the placeholders {amount} and {account}, and no other braces")
    return found


def stylesheet(text: str) -> Path:
    """The file of a compiled Schematron (XSLT)."""
    path = Path(text)
    if path.suffix.lower() not in {".xsl", ".xslt"} or not path.is_file():
        raise WrongValueError("must name a file that is there and ends in .xsl or .xslt")
    return path.resolve()


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number within bounds."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
            raise WrongValueError(f"must be a whole number from {lowest} to {highest}")
        return int(text)

    return read


def seconds(lowest: float, highest: float) -> Callable[[str], float]:
    """A duration within bounds."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        # Neither bound holds for "not a number"
        if not lowest <= number <= highest:
            raise WrongValueError(f"must be a number of seconds from {lowest:g} to {highest:g}")
        return number

    return read


def _split(text: str, *schemes: str) -> SplitResult:
    known = " or ".join(f"{scheme}://" for scheme in schemes)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes or re.search(r"\s", text):
        raise WrongValueError(f"must be an address that begins with {known}")
    return parts


def _is_host(text: str) -> bool:
    if ":" not in text:
        return bool(HOST.fullmatch(text))
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _check_place(place: str) -> None:
    """Check `host`, `host:port` or `[address]:port`."""
    parts = urlsplit(f"//{place}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not _is_host(host) or port == 0:
        raise WrongValueError(
            f"must name a host, and a port from 1 to 65535 where there is one; {LOGIN_SIGNS}"
        )


def url(*schemes: str) -> Callable[[str], str]:
    """An address with a host; returned without a slash at its end."""

    def read(text: str) -> str:
        parts = _split(text, *schemes)
        _check_place(parts.netloc.rpartition("@")[2])
        return text.rstrip("/")

    return read


def public_url(text: str) -> str:
    """What people type: a scheme and a host."""
    address = url("http", "https")(text)
    parts = urlsplit(address)
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise WrongValueError("must be https:// and a host, with nothing behind: pages stand at its root")
    return address


def database_url(text: str) -> str:
    """An address of PostgreSQL: one host or several, or `?host=` with the folder of a socket."""
    parts = _split(text, "postgresql", "postgres")
    places = parts.netloc.rpartition("@")[2]
    # A "#" in a password ends the address too early
    if parts.fragment or not (places or "host" in parse_qs(parts.query)):
        raise WrongValueError(f"must be postgresql://login:password@host:5432/database; {LOGIN_SIGNS}")
    for place in filter(None, places.split(",")):
        _check_place(place)
    return text


def carrier_urls(text: str) -> dict[str, str]:
    """`code=https://…,code=…`."""
    read = url("http", "https")
    try:
        return {code: read(value) for code, value in pairs(text).items()}
    except WrongValueError as error:
        raise WrongValueError(f"{error} (the form is code=https://…,code=https://…)") from None


def host(text: str) -> str:
    """An address or a name to listen on."""
    if not _is_host(text):
        raise WrongValueError("must be an address or a name, such as 127.0.0.1, without a port")
    return text


def networks(text: str) -> tuple[str, ...]:
    """Addresses or networks."""
    found = words(text)
    for one in found:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise WrongValueError("must be addresses or networks, such as 10.0.0.1,10.1.0.0/16") from None
    return found


def secret_keys(text: str) -> tuple[str, ...]:
    """Keys, each long enough."""
    found = words(text)
    if any(len(key) < SHORTEST_KEY for key in found):
        raise WrongValueError(f"holds a key that is too short: {SHORTEST_KEY} random characters at least")
    return found


def token(text: str) -> str:
    """A secret that travels in a header."""
    if not TOKEN.fullmatch(text):
        raise WrongValueError("must be letters, digits and signs without spaces or accents")
    return text


def tokens(text: str) -> tuple[str, ...]:
    """Secrets with commas between them."""
    return tuple(token(one) for one in words(text))


def queue(text: str) -> str:
    """The name of a queue."""
    if not QUEUE.fullmatch(text):
        raise WrongValueError("must be letters, digits, . _ and -, beginning with a letter")
    return text


def email(text: str) -> str:
    """An e-mail address."""
    if not EMAIL.fullmatch(text):
        raise WrongValueError("must be an e-mail address")
    return text


def sender(text: str) -> str:
    """An e-mail address, with or without a name before it."""
    if len(text.splitlines()) > 1 or not EMAIL.fullmatch(parseaddr(text)[1]):
        raise WrongValueError("must be an e-mail address, or a name with one: Name <mail@company.example>")
    return text
