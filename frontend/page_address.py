"""The address of a page: how long it may be, how much its query may name, and the query read within these bounds. Pure."""

from enum import StrEnum
from hashlib import sha256
from urllib.parse import parse_qs

from frontend.i18n import translatable

# Signs of path and query. Every link of a page repeats its query, so this also bounds the page.
LONGEST_ADDRESS = 8 * 1024
# Values of a query: those of the largest saved view, and what else a page has
MOST_VALUES = 250
# Signs of an address that stands as it is in the names of a page's controls
LONGEST_PLAIN = 100

UNREADABLE_WORDS = translatable("Part of what was sent cannot be read. Check it and send it again.")
TOO_LONG_WORDS = translatable("The address is too long, or names too many values. Choose fewer filters.")


class AddressProblem(StrEnum):
    """Why an address is no page."""

    TOO_LONG = "too_long"
    UNREADABLE = "unreadable"


def address_problem(path: str, query: str) -> AddressProblem | None:
    """Why there is no page at an address, whatever it names; None where there may be one.

    A page never leaves out a part of a filter: it would show more than was meant.
    """
    if len(path) + len(query) > LONGEST_ADDRESS or query.count("&") >= MOST_VALUES:
        return AddressProblem.TOO_LONG
    if "\0" in path or "\0" in query or "%00" in query:
        return AddressProblem.UNREADABLE
    return None


def read_query(query: str) -> dict[str, list[str]]:
    """The values of a query by their names. What is over the bounds is left out: `address_problem` refuses it before."""
    pairs = query.lstrip("?")[:LONGEST_ADDRESS].split("&", MOST_VALUES)[:MOST_VALUES]
    return parse_qs("&".join(pairs), keep_blank_values=True)


def first_values(query: str) -> dict[str, str]:
    """The first value of each name."""
    return {name: values[0] for name, values in read_query(query).items()}


def address_key(address: str) -> str:
    """What tells an address from others in the name of a page's controls, which repeat it."""
    return address if len(address) <= LONGEST_PLAIN else sha256(address.encode()).hexdigest()
