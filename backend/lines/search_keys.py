"""Turns names and numbers into stored keys, so that sorting and searching work the same on every server."""

import re
import unicodedata

SHORTEST_SEARCH = 3
# Digits
LONGEST_ENDING = 6
NUMBER_LIKE = re.compile(r"[+\d\s./()-]+")
# The zero of a number inside the country, written behind that of the country: +32 (0)470…
NATIONAL_ZERO = re.compile(r"^(\s*(?:\+|00)[\s./-]*\d{1,3}[\s./-]*)\(0\)")
# Letters that Unicode does not take apart, as people type them
LETTERS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
LIKE_SPECIAL = re.compile(r"([\\%_])")


def normalise(text: str) -> str:
    """Lower case without accents: "Élodie Müller" becomes "elodie muller", "Łukasz Sørensen" "lukasz sorensen"."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return plain.translate(LETTERS)


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
    text = NATIONAL_ZERO.sub(r"\1", unicodedata.normalize("NFKC", text).strip())
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
