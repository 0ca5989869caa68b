"""Every string of the pages is translated in every language, and figures follow the language."""

import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from babel.messages.pofile import read_po

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.core.i18n import LANGUAGES
from backend.lines.timeline_codes import LineTimelineCode
from backend.orders.kinds import KINDS
from backend.orders.texts import TEXT_OF, KindTexts
from backend.orders.timeline_codes import OrderTimelineCode
from backend.timeline.schemas import TimelineCode, TimelineEntry
from backend.usage.timeline_codes import UsageTimelineCode
from frontend.components.timeline import LINE_TEXTS, USAGE_TEXTS, entry_words
from frontend.i18n import translator_for
from tests.support.messages import LOCALES, ROOT, in_code

TRANSLATED = [code for code in LANGUAGES if code != "en"]


@pytest.mark.parametrize("language", TRANSLATED)
def test_catalogues_hold_exactly_what_the_pages_say(language: str) -> None:
    with (LOCALES / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    wanted = {(m.context, m.id) for m in in_code() if m.id}
    held = {(m.context, m.id): m for m in catalog if m.id}
    assert set(held) == wanted, "run python -m tests.support.messages, then translate"
    for message in held.values():
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), f"{language}: {message.id!r} is not translated"
        assert not message.fuzzy


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_every_placeholder(language: str) -> None:
    with (LOCALES / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    for message in catalog:
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            assert placeholders(forms[-1]) == placeholders(ids[-1]), (language, message.id)
            for form in forms:  # a sentence about one thing may do without the figure
                assert placeholders(form) <= placeholders(ids[-1]), (language, message.id)


def _in_file(found: Any, language: str) -> Iterator[str]:
    """Every string of one language in a words file: under the language's key, however deep."""
    if isinstance(found, list):
        for each in found:
            yield from _in_file(each, language)
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _strings(value) if key == language else _in_file(value, language)


def _strings(found: Any) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, (dict, list)):
        for each in found.values() if isinstance(found, dict) else found:
            yield from _strings(each)


def said(language: str) -> list[str]:
    """All that is said in a language: pages, words files, sign-in."""
    with (LOCALES / f"{language}.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    messages = [message.string for message in catalog if message.id]
    forms = [form for one in messages for form in (one if isinstance(one, (tuple, list)) else (one,))]
    assert len(forms) > 20
    return [*forms, *in_files(language)]


def in_files(language: str) -> list[str]:
    """All that the words files say in a language."""
    files = sorted((ROOT / "backend").rglob("*.toml"))
    texts = [words for file in files for words in _in_file(tomllib.loads(file.read_text("utf-8")), language)]
    assert len(texts) > 20
    return texts


def test_french_signs_stand_behind_a_space_that_does_not_break() -> None:
    plain = re.compile(r"[ \u202f][:;?!»%]|«[ \u202f]|[^\W\d_][;?!»](?!\w)")
    assert [texts for texts in said("fr") if plain.search(texts)] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_sentence_is_said_twice(language: str) -> None:
    """What a merge of two files may leave behind."""
    twice = re.compile(r"(.{8,})\W*\1", re.DOTALL)
    assert [text for text in said(language) if twice.fullmatch(text)] == []


def test_german_has_one_word_for_a_line() -> None:
    assert [texts for texts in said("de") if re.search(r"\bLeitung(en)?\b", texts)] == []


def in_timelines() -> Iterator[TimelineEntry]:
    """One entry of each code that pages show, and one of each kind of request where it says the kind."""
    for feature in TimelineCode.__subclasses__():
        # The page of a request shows its moves as steps
        for code in set(feature) - {OrderTimelineCode.STATE_CHANGED}:
            for kind in KINDS if feature is OrderTimelineCode else ("",):
                yield TimelineEntry(
                    id=1, at=datetime.now(UTC), actor_id=None, actor_name="", code=code, params={"kind": kind}
                )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_timeline_has_its_text(language: str) -> None:
    text, catalogue = translator_for(language), Catalogue(profile("mandarine"), language)
    entries = list(in_timelines())
    assert len({entry.code for entry in entries}) > 12
    for entry in entries:
        assert entry_words(text, catalogue, entry) != text("Changed"), entry.code
    assert set(LINE_TEXTS) == set(LineTimelineCode)
    assert set(USAGE_TEXTS) == set(UsageTimelineCode)
    assert set(TEXT_OF) == set(OrderTimelineCode) - {OrderTimelineCode.STATE_CHANGED}


def test_a_code_of_another_version_is_shown_as_a_change() -> None:
    entry = TimelineEntry(id=1, at=datetime.now(UTC), actor_id=None, actor_name="", code="future.thing")
    gone = TimelineEntry(
        id=1, at=datetime.now(UTC), actor_id=None, actor_name="", code="order.done", params={"kind": "gone"}
    )
    catalogue = Catalogue(profile("lynx"), "nl")
    for each in (entry, gone):
        assert entry_words(translator_for("nl"), catalogue, each) == "Gewijzigd"


def placeholders(texts: str) -> set[str]:
    return {part.partition("}")[0] for part in texts.split("{")[1:]}


def test_figures_in_french() -> None:
    text = translator_for("fr")
    assert text.money(2479) == "24,79\u00a0€"
    assert text.difference(2479) == "+\u00a024,79\u00a0€"
    assert text.difference(-826) == "−\u00a08,26\u00a0€"
    assert text.difference(0) == "0,00\u00a0€"
    assert text.number(10000) == "10\u00a0000"
    assert text.date(datetime(2026, 11, 20, 23, 30, tzinfo=UTC)) == "21/11/2026"  # Brussels is ahead
    assert text.moment(datetime(2026, 11, 20, 13, 5, tzinfo=UTC)) == "20/11/2026 à 14:05"
    assert text.long_date(datetime(2026, 11, 20, 12, tzinfo=UTC)) == "Vendredi 20 novembre 2026"


def test_plural_and_context() -> None:
    assert translator_for("fr").plural("{n} line", "{n} lines", 0) == "0 ligne"
    assert translator_for("en").plural("{n} line", "{n} lines", 0) == "0 lines"
    assert translator_for("fr")("Active") == "Active"
    assert translator_for("fr").context("lines", "Active") == "Actives"


def test_numbers_as_people_write_them() -> None:
    text = translator_for("fr")
    assert text.msisdn("+32470123456") == "0470 12 34 56"
    assert text.msisdn("+33612345678") == "+33612345678"
    assert text.sim("9100000123454") == "9100 0001 2345 4"


def test_a_conflict_names_the_option_that_the_line_has() -> None:
    texts = KindTexts(Catalogue(profile("mandarine"), "en"), "change_options")
    assert texts.note("data-5gb", "option_conflict", {"data-20gb"}) == "Data +5 GB conflicts with Data +20 GB"
    assert texts.note("data-5gb", "option_conflict") == "Data +5 GB conflicts with another option"


def test_a_second_confirmation_speaks_of_one_number_or_of_several() -> None:
    texts = KindTexts(Catalogue(profile("lynx"), "fr"), "terminate")
    assert "le numéro est perdu" in texts.counted("confirm", 1, fee="75 €")
    assert "2 numéros sont perdus" in texts.counted("confirm", 2, fee="150 €")


def test_a_carriers_own_words_stand_behind_ours_and_are_quoted() -> None:
    said_by = "The network could not carry out this change."
    for language, ours in (("fr", "Refusé par l’opérateur"), ("nl", "Geweigerd door de operator")):
        texts = KindTexts(Catalogue(profile("mandarine"), language), "change_options")
        for words in (texts.why("carrier_failed", said_by), texts.held_why("carrier_held", said_by)):
            assert words.index(said_by) > len(ours) - 5
            assert words[words.index(said_by) - 1] != " "
        assert texts.why("carrier_failed", said_by).startswith(ours)
        assert texts.why("carrier_failed") == ours
        assert said_by not in texts.why("price_changed", said_by)
