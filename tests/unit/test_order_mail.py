"""Letters: every language has every word, nothing that is written into them becomes markup."""

import tomllib
from datetime import date
from pathlib import Path
from string import Formatter
from uuid import uuid4

import msgspec
import pytest

from backend.core.formats import labelled
from backend.core.i18n import FileTexts
from backend.lines import notifications as line_notifications
from backend.lines.sims import notifications as sim_notifications
from backend.notifications import frame
from backend.notifications.content import MailContent
from backend.notifications.frame import render
from backend.settings import Operator
from backend.usage import alerts

FILES = (frame.TEXTS, alerts.TEXTS, sim_notifications.TEXTS, line_notifications.TEXTS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_language_has_every_key_with_the_same_blanks(path: Path) -> None:
    texts = tomllib.loads(path.read_text("utf-8"))
    assert set(texts) == {"fr", "nl", "de", "en"}
    for language, entries in texts.items():
        assert set(entries) == set(texts["en"]), language
        for key, text in entries.items():
            blanks = {name for _, name, _, _ in Formatter().parse(text) if name}
            assert blanks == {name for _, name, _, _ in Formatter().parse(texts["en"][key]) if name}, key


def test_an_unknown_language_is_english() -> None:
    assert FileTexts(alerts.TEXTS, "xx").language == "en"


def test_text_and_html_say_the_same_and_escape_what_they_are_given() -> None:
    content = MailContent(
        language="fr",
        subject="Sujet",
        title="<b>Titre</b>",
        paragraphs=("Un & deux", "Trois"),
        facts=(("Numéro", "<script>"),),
        button=("Voir", "https://portal.example/app?a=1&b=2"),
    )
    written = render(content, tenant="Delta & fils", operator=Operator())
    assert "<b>Titre</b>" in written.text
    assert "https://portal.example/app?a=1&b=2" in written.text
    for part in ("&lt;b&gt;Titre", "Un &amp; deux", "&lt;script&gt;", "a=1&amp;b=2", "Delta &amp; fils"):
        assert part in written.html
    assert "<script" not in written.html
    operator = Operator()
    for part in (operator.name, operator.address, operator.vat_number, operator.support_email):
        assert part in written.text
        assert part in written.html
    assert '<html lang="fr">' in written.html


@pytest.mark.parametrize("language", ["fr", "nl", "de", "en"])
@pytest.mark.parametrize(
    ("kind", "threshold"),
    [("bucket", 80), ("bucket", 100), ("roaming_cap", 80), ("roaming_cap", 100), ("national_ceiling", 100)],
)
def test_every_alert_has_its_letter_and_no_amount(language: str, kind: str, threshold: int) -> None:
    row = alerts.AlertMail(
        kind=kind,
        subject="voice",
        threshold=threshold,
        used=97,
        ceiling=100,
        period=date(2026, 11, 1),
        closed_at=None,
        msisdn="+32470123456",
        product_type="voice_data",
        email="karim@customer.example",
        language=language,
        given_name="Karim",
        member_id=None,
    )
    assert alerts.notice(row) is None
    shown = alerts.notice(msgspec.structs.replace(row, member_id=uuid4()))
    assert shown is not None
    assert shown.text.startswith("0470 12 34 56 · ")
    letter = alerts.content(row, "https://portal.example")
    written = render(letter, tenant="Delta", operator=Operator())
    assert "2026" in written.text
    assert "0470 12 34 56" in written.text
    assert ("97" in written.text) is (threshold == 80)
    assert "€" not in written.text
    assert "EUR" not in written.text


def test_french_has_a_space_before_its_colons() -> None:
    assert labelled("fr", "Numéro", "1") == "Numéro\N{NO-BREAK SPACE}: 1"
    assert labelled("nl", "Nummer", "1") == "Nummer: 1"
