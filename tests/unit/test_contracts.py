"""The split-billing contract. Its text is read from the same source set as a page; of the PDF, what is not packed."""

import re
from datetime import date
from html import unescape

import msgspec
import pytest
import typst

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.core.i18n import LANGUAGES, load_texts
from backend.documents import contracts
from backend.documents.contracts import TEXTS, ContractParties, ContractText, contract_of, contract_pdf
from backend.documents.file_checks import PDF, media_type_of
from backend.settings import Operator

HOSTILE = 'Ève "#Logistics" *sa* $x_1$ #panic() \\ @a <b>'


def make(language: str = "fr", **changes: str) -> ContractText:
    catalogue = Catalogue(profile("mandarine"), language)
    chosen = catalogue.profile.split_profile("executive-20")
    assert chosen
    facts = {
        "holder_name": "Delta Logistics",
        "holder_address": "Rue du Canal 18, 1070 Anderlecht",
        "holder_number": "0460.211.847",
        "user_name": "Karim El Amrani",
        "msisdn": "+32470123456",
        "customer_number": "6012480-01",
        "plan": "pro-flex-20",
    }
    parties = ContractParties(**{**facts, **changes})
    return contract_of(catalogue, Operator(), chosen, parties, made_on=date(2026, 11, 21))


def text_of(contract: ContractText) -> str:
    """What the same source says as a page: a PDF keeps glyphs, not letters."""
    page = typst.compile(
        contracts.HERE / "contract.typ",
        root=contracts.HERE,
        format="html",
        sys_inputs=contracts.inputs_of(contract),
        ignore_system_fonts=True,
    )
    return unescape(re.sub(r"<[^>]*>", " ", page.decode()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_contract_says_everything_in_its_language(language: str) -> None:
    contract = make(language)
    made = contract_pdf(contract)
    assert media_type_of(made) == PDF
    assert b"pdfaid:part" in made
    texts = load_texts(TEXTS)[language]
    assert set(texts) == set(load_texts(TEXTS)["en"])
    said = " ".join(text_of(contract).split())
    for expected in (*msgspec.structs.astuple(contract.facts), *contract.rules, *texts.values()):
        assert expected
        if expected != contract.facts.operator_vat:  # in the footer too, which a page has not
            assert " ".join(expected.split()) in said


def test_the_clause_on_unpaid_parts_and_the_place_for_signatures_are_printed() -> None:
    source = (contracts.HERE / "contract.typ").read_text("utf-8")
    used = set(re.findall(r"words\.([a-z_]+)", source))
    assert used == set(load_texts(TEXTS)["en"])
    facts = set(re.findall(r"facts\.([a-z_]+)", source))
    assert facts == set(contracts.ContractFacts.__struct_fields__)
    assert "data.rules" in source


def test_the_same_facts_give_the_same_bytes_and_others_give_others() -> None:
    assert contract_pdf(make()) == contract_pdf(make())
    assert contract_pdf(make()) != contract_pdf(make(user_name="An Peeters"))


def test_text_from_people_is_never_markup() -> None:
    contract = make(holder_name=HOSTILE, user_name=HOSTILE, customer_number=HOSTILE)
    assert media_type_of(contract_pdf(contract)) == PDF
    assert " ".join(text_of(contract).split()).count(HOSTILE) == 3


def test_a_number_that_is_not_chosen_yet_is_left_blank() -> None:
    contract = make(msisdn="")
    assert not contract.facts.number
    assert contract_pdf(contract)
