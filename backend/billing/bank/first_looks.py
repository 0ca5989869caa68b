"""What a movement shows by itself: whether it may be a payment of a customer, and what points to an invoice. Pure."""

import re
from collections.abc import Iterator

from backend.billing.lifecycle import MovementState
from backend.catalog.identifiers import structured_communication
from backend.lines.search_keys import normalise

# Of one movement: texts that may be a number
MOST_WORDS = 30
SHORTEST_WORD, LONGEST_WORD = 4, 40
COMMUNICATION = re.compile(r"[+*]{0,3}[0-9]{3}[ /]?[0-9]{4}[ /]?[0-9]{5}[+*]{0,3}")
EDGES = ".,;:()[]{}<>\"'+*#"
NOT_LETTERS = re.compile(r"[^a-z0-9]+")


def first_look(cents: int, *, reversal: bool) -> tuple[MovementState, str]:
    """The state that a movement has by itself, and why."""
    if cents == 0:
        return MovementState.IGNORED, "It moves no money."
    if reversal and cents > 0:
        return MovementState.UNMATCHED, "A payment of the operator came back."
    if cents < 0 and not reversal:
        return MovementState.IGNORED, "The operator paid it."
    return MovementState.RECEIVED, ""


def words_of(text: str, reference: str) -> list[str]:
    """What a payer wrote that may be a communication, an invoice or a customer number. Without repeats, thirty at most."""
    return list(dict.fromkeys(_words(f"{reference} {text}")))[:MOST_WORDS]


def _words(text: str) -> Iterator[str]:
    for found in COMMUNICATION.finditer(text):
        if digits := structured_communication(found[0]):
            yield digits
    for word in text.split():
        plain = word.strip(EDGES)
        if SHORTEST_WORD <= len(plain) <= LONGEST_WORD and any(sign.isdecimal() for sign in plain):
            yield plain


def payer_key(name: str) -> str:
    """A name as it is compared: small letters and digits only. Banks leave out accents, spaces and signs."""
    return NOT_LETTERS.sub("", normalise(name))
