"""The texts of the issuer's own pages, from `texts.toml`."""

from pathlib import Path

from backend.core.i18n import FileTexts

TEXTS = Path(__file__).with_name("texts.toml")


def say(key: str, language: str, /, **values: object) -> str:
    """The text of a key in a language, with its placeholders filled."""
    return FileTexts(TEXTS, language).text(key, **values)
