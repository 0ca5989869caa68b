"""The four languages: which a reader gets, and the texts that stand in TOML files beside their feature. Pure."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGE_NAMES: Mapping[str, str] = {
    "fr": "Français",
    "nl": "Nederlands",
    "de": "Deutsch",
    "en": "English",
}
LANGUAGES = tuple(LANGUAGE_NAMES)
DEFAULT_LANGUAGE = "en"
# An Accept-Language header longer than this is read no further.
MOST_TAGS = 20


def known_language(language: str) -> str:
    """The language itself where it is one of the four, else English."""
    return language if language in LANGUAGE_NAMES else DEFAULT_LANGUAGE


def locale_of(language: str) -> str:
    """The CLDR locale in which amounts and dates are written, such as `fr_BE`."""
    return f"{known_language(language)}_BE"


def choose_language(*wanted: str) -> str:
    """The first language that we have among what is wanted; English where there is none.

    Each of `wanted` is a language tag, OpenID `ui_locales` (tags with spaces between) or an Accept-Language header
    (tags with weights, RFC 9110 12.5.4); an earlier one counts before a later one.
    """
    for one in wanted:
        for tag in _by_weight(one):
            language = tag.lower().replace("_", "-").split("-")[0]
            if language in LANGUAGE_NAMES:
                return language
    return DEFAULT_LANGUAGE


def _by_weight(header: str) -> list[str]:
    weights: dict[str, float] = {}
    for part in re.split(r",\s*|(?<!;)\s+(?!;)", header.strip())[:MOST_TAGS]:
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag and weight > 0:
            weights.setdefault(tag.strip(), weight)
    return sorted(weights, key=lambda tag: -weights[tag])


@cache
def load_texts(path: Path) -> Mapping[str, Mapping[str, str]]:
    """Language -> key -> text of one TOML file. A test checks that each file has the same keys in four languages."""
    return tomllib.loads(path.read_text("utf-8"))


class FileTexts:
    """The texts of one file in one language: `FileTexts(path, "fr").text("title", name=…)`."""

    def __init__(self, path: Path, language: str) -> None:
        self.language = known_language(language)
        self._texts = load_texts(path)[self.language]

    def text(self, key: str, **values: object) -> str:
        """The text of a key, with its placeholders filled. Raises KeyError for a key that is not there."""
        return self._texts[key].format(**values)

    def all(self) -> Mapping[str, str]:
        """Every key with its text, placeholders unfilled."""
        return self._texts
