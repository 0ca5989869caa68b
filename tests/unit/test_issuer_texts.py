"""The issuer's pages speak four languages, completely."""

import re
from datetime import timedelta

import pytest

from backend.issuer.page import wait_words
from backend.issuer.texts import LANGUAGES, WORDS, choose_language, say


@pytest.mark.parametrize("key", WORDS)
def test_every_text_exists_in_every_language_with_the_same_blanks(key: str) -> None:
    texts = WORDS[key]
    assert set(texts) == set(LANGUAGES)
    assert all(texts.values())
    assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in texts.values()}) == 1


def test_no_text_was_left_in_english() -> None:
    same = {
        key
        for key, texts in WORDS.items()
        for language in ("fr", "nl", "de")
        if texts[language] == texts["en"]
    }
    assert same == set()


@pytest.mark.parametrize(
    ("wanted", "header", "expected"),
    [
        ("nl", "fr", "nl"),
        ("nl-BE fr", "", "nl"),
        ("xx", "de-AT", "de"),
        ("", "en;q=0.5, fr-BE;q=0.9", "fr"),
        ("", "fr;q=0, nl", "nl"),
        ("", "pt", "en"),
        ("", "fr;q=nonsense", "en"),
        ("", "", "en"),
    ],
)
def test_the_language_is_the_first_wish_that_we_speak(wanted: str, header: str, expected: str) -> None:
    assert choose_language(wanted, header) == expected


def test_waits_are_rounded_up() -> None:
    assert wait_words(timedelta(seconds=29.2), "en").endswith("30 s")
    assert wait_words(timedelta(minutes=14, seconds=5), "en").endswith("15 min")


def test_blanks_are_filled() -> None:
    assert "Comptoir" in say("audience", "fr", operator="Comptoir")
