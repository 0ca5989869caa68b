"""Turns names and numbers into stored keys, so that sorting and searching work the same on every server."""

import re
import unicodedata

SHORTEST_SEARCH = 3
# Digits
LONGEST_ENDING = 6
NUMBER_LIKE = re.compile(r"[+\d\s./()-]+")
LIKE_SPECIAL = re.compile(r"([\\%_])")


def normalise(text: str) -> str:
    """Lower case without accents: "Élodie Müller" becomes "elodie muller"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def name_key(name: str) -> str:
    """The sort key of a name: letters and digits, single spaces."""
    return " ".join(re.sub(r"[^\w]+", " ", normalise(name)).split())


def search_text(*, name: str, msisdn: str, sim_number: str, account: str) -> str:
    """Everything a line is found by: name, number in both usual forms, SIM number, customer number."""
    digits = msisdn.lstrip("+")
    national = f"0{digits[2:]}" if digits.startswith("32") else digits
    parts = (name_key(name), national, digits, sim_number, account, re.sub(r"\D", "", account))
    return " ".join(part for part in parts if part)


def search_patterns(text: str) -> list[str]:
    """LIKE patterns that must all match; none while fewer than three characters count.

    A number may be written in any usual way, or by its last digits; words may come in any order.
    """
    text = text.strip()
    if NUMBER_LIKE.fullmatch(text):
        digits = re.sub(r"\D", "", text)
        if (
            digits.startswith("00") and len(digits) > LONGEST_ENDING
        ):  # 0032…; shorter, it is how a number ends
            digits = digits.removeprefix("00")
        texts = [digits]
    else:
        texts = name_key(text).split()
    if sum(map(len, texts)) < SHORTEST_SEARCH:
        return []
    return ["%" + LIKE_SPECIAL.sub(r"\\\1", word) + "%" for word in texts]
