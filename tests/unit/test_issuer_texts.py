"""The issuer's pages speak four languages, completely."""

from datetime import timedelta

from backend.issuer.page import wait_words
from backend.issuer.texts import say


def test_waits_are_rounded_up() -> None:
    assert wait_words(timedelta(seconds=29.2), "en").endswith("30 s")
    assert wait_words(timedelta(minutes=14, seconds=5), "en").endswith("15 min")


def test_blanks_are_filled() -> None:
    assert "Comptoir" in say("audience", "fr", operator="Comptoir")
