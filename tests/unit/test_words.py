"""One word for one thing, in every language: what pages, mails and files must not say."""

import re

import pytest
from babel.messages.pofile import read_po

from backend.catalog.profiles import load_profiles
from backend.core.i18n import LANGUAGES
from backend.orders.kinds import KINDS
from frontend.components.lines.line_actions import OFFERS
from tests.support.messages import LOCALES, ROOT, in_code
from tests.unit.test_texts import in_files, said

# What must not be said -> what is said instead
FORBIDDEN = {
    "en": {
        r"\bXLSX\b": "Excel",
        r"\bemployees?\b": "user",
        r"\bsecond (data )?SIM\b": "companion data SIM",
        r"\b[Ss]plit[ -]billing\b": "shared billing",
        r"\bto me\b": "for you",
    },
    "fr": {
        r"\bXLSX\b": "Excel",
        r"\b[Ss]ociétés?\b": "entreprise",
        r"\b([Ee]mployés?|[Tt]ravailleurs?|[Ee]mployeurs?)\b": "utilisateur, entreprise",
        r"\b[Ff]actures? (partagée|séparée)s?\b": "facturation partagée",
        r"\b[Dd]euxième SIM\b": "carte data associée",
        r"\b[Cc]arte associée\b": "carte data associée",
        r"\bpour moi\b": "pour vous",
        r"(?<!-)\b[Mm]ails?\b": "e-mail",
        r"\billimité\b": "sans limite, illimités",
        r"[Tt]out de suite, (à|dans|avant|en) ": "the promise alone",
        r"\blignes? (erronée|vérifiée)s?\b|\blignes? du fichier\b": "rangée",
        r"\bnuméro SIM\b": "numéro de SIM",
        r"^Quoi$": "what is asked",
    },
    "nl": {
        r"\bXLSX\b": "Excel",
        r"\b([Ww]erknemer|[Ww]erkgever|[Mm]edewerker)s?\b": "gebruiker, bedrijf",
        r"\b[Gg]esplitste factuur\b": "gesplitste facturatie",
        r"\b[Tt]weede (data-?)?sim\b": "gekoppelde datasim",
        r"\b[Gg]ekoppelde (data)?(sim)?kaart\b": "gekoppelde datasim",
        r"\b[Uu] heeft\b": "u hebt",
        r"[Hh]ouders?\b|\b[Ee]igenaars?\b": "titularis",
        r"\bhelpdesk\b": "support",
        r"(?<!-)\b[Mm]ails?\b": "e-mail",
        r"\bnaar mij\b": "voor u",
    },
    "de": {
        r"\bXLSX\b": "Excel",
        r"\bFirma\b": "Unternehmen",
        r"\b(Mitarbeiter|Arbeitnehmer|Arbeitgeber)s?\b": "Nutzer, Unternehmen",
        r"\b[Gg]eteilte Rechnung\b": "geteilte Abrechnung",
        r"\b([Zz]weite|[Zz]usätzliche) Daten-SIM\b|\bZweite SIM\b": "verbundene Daten-SIM",
        r"\bObergrenze\b": "Limit",
        r"\b(Netzb|B)etreibers?\b": "Anbieter",
        r"\b(Flottenmanager|Flottenverwalter|Manager)\b": "Flottenverwaltung",
        r"\bWeggang\b": "Abgang",
        r"(?<!-)\bMail\b": "E-Mail",
        r"\ban mich\b": "an Sie",
    },
}
# A plan's name holds the word: "Pro Max illimité" agrees with the plan
ALLOWED = re.compile(r"^(Pro Max|Trail XL) illimité$|^Tout illimité")


def english() -> list[str]:
    ids = [message.id for message in in_code() if message.id]
    forms = [form for one in ids for form in (one if isinstance(one, (tuple, list)) else (one,))]
    return [*forms, *in_files("en")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_word_for_one_thing(language: str) -> None:
    sentences = english() if language == "en" else said(language)
    found = [
        (words, instead)
        for pattern, instead in FORBIDDEN[language].items()
        for words in sentences
        if re.search(pattern, words) and not ALLOWED.search(words)
    ]
    assert found == []


def test_a_row_of_a_file_is_no_line() -> None:
    """In French a line is a telephone line; where English says row, French says `rangée`."""
    with (LOCALES / "fr.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="fr") if message.id]
    rows = [one for one in messages if re.search(r"\brows?\b", str(one.id), re.IGNORECASE)]
    assert len(rows) > 10
    assert [one.id for one in rows if not re.search("rangée", str(one.string), re.IGNORECASE)] == []
    files = [words for words in in_files("fr") if re.search(r"\{row\}|en-tête", words)]
    assert files
    assert [words for words in files if re.search(r"\blignes?\b", words, re.IGNORECASE)] == []


def test_a_colon_between_name_and_value_follows_the_language() -> None:
    """`labelled` writes it; a colon written beside a value is an English one in a French page."""
    plain = re.compile(r'f"\{[^}"]+\}: (\{|")')
    written = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("frontend", "backend/orders", "backend/notifications", "backend/api", "backend/issuer")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if plain.search(line) and "raise" not in line
    ]
    assert written == []


def test_users_of_lines_may_read_every_language_of_the_portal() -> None:
    for carrier in load_profiles().values():
        assert set(carrier.languages) == set(LANGUAGES), carrier.code


def test_a_kind_that_may_cost_says_so() -> None:
    """Only these lead to a price; a kind that is free must not name one."""
    assert {code for code, kind in KINDS.items() if kind.priced} == {
        "add_line", "port_in", "change_options", "change_plan", "terminate", "convert_to_prepaid", "depart",
    }  # fmt: skip


def test_a_promise_names_no_other_step() -> None:
    for carrier in load_profiles().values():
        for promise in carrier.promises.values():
            assert not [words for words in promise.name.values() if ";" in words], promise.code


def test_every_kind_that_changes_a_line_is_offered_on_it() -> None:
    offered = [kind for kind, _, _ in OFFERS]
    assert len(set(offered)) == len(offered)
    assert set(offered) == {code for code, kind in KINDS.items() if kind.creates is None}
