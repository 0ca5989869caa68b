"""The four languages: every file of texts has them completely, and a reader gets the first that is wanted."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

import backend
from backend.core.formats import format_money, format_month, format_sim
from backend.core.i18n import LANGUAGES, FileTexts, choose_language, load_texts
from backend.issuer.texts import TEXTS

ROOT = Path(backend.__file__).parent
FILES = [
    path
    for path in sorted(ROOT.rglob("*.toml"))
    if set(LANGUAGES) <= set(tomllib.loads(path.read_text("utf-8")))
]


def test_the_files_of_texts_are_found() -> None:
    assert len(FILES) > 25


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_language_has_every_key_with_the_same_placeholders(path: Path) -> None:
    texts = load_texts(path)
    assert set(texts) == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(texts[language]) == set(texts["en"]), language
        for key, text in texts[language].items():
            assert text.strip(), (language, key)
            found, wanted = (sorted(set(re.findall(r"\{\w+\}", one))) for one in (text, texts["en"][key]))
            assert found == wanted, (language, key)


def test_no_text_of_the_sign_in_pages_was_left_in_english() -> None:
    texts = load_texts(TEXTS)
    assert not {
        key for key in texts["en"] for one in ("fr", "nl", "de") if texts[one][key] == texts["en"][key]
    }


def test_an_unknown_language_is_english() -> None:
    assert FileTexts(TEXTS, "xx").language == "en"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (("nl", "fr"), "nl"),
        (("nl-BE fr", ""), "nl"),
        (("fr_BE",), "fr"),
        (("xx", "de-AT"), "de"),
        (("", "en;q=0.5, fr-BE;q=0.9"), "fr"),
        (("", "en; q=0.5, fr-BE ;q=0.9"), "fr"),
        (("", "fr;q=0, nl"), "nl"),
        (("", "pt-PT,nl-BE;q=0.8,en;q=0.5"), "nl"),
        (("", "pt"), "en"),
        (("", "fr;q=nonsense"), "en"),
        (("",), "en"),
        (("x," * 1000 + "fr",), "en"),
    ],
)
def test_the_language_is_the_first_wanted_that_we_have(wanted: tuple[str, ...], expected: str) -> None:
    assert choose_language(*wanted) == expected


def test_amounts_months_and_sim_numbers_are_written_as_the_language_writes_them() -> None:
    assert format_money(123456, "en") == "1.234,56\N{NO-BREAK SPACE}€"
    assert format_money(-500, "en", signed=True) == "−\N{NO-BREAK SPACE}5,00\N{NO-BREAK SPACE}€"
    assert format_money(0, "xx", signed=True) == "0,00\N{NO-BREAK SPACE}€"
    assert format_money(2479, "fr").startswith("24,79")
    assert format_month(date(2026, 11, 5), "fr") == "novembre 2026"
    assert format_sim("8932 03123") == "8932 0312 3"
