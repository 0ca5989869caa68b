"""HTML from component functions: escaped once, everywhere."""

import uuid
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
import rcssmin
from hypothesis import given
from hypothesis import strategies as st
from reactpy import html

from backend.lines.schemas import LineRow, PlanName
from backend.sandbox.console.routes import FILES
from backend.web.files import TOKENS_CSS
from backend.web.html import Markup, document, element, joined
from frontend.assets import STYLES, asset_url, assets
from frontend.components.table import rows_table, table_frame
from frontend.html import to_html
from frontend.i18n import translator_for
from frontend.pages.fleet.rows import row_html


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


def row(name: str) -> LineRow:
    return LineRow(
        id=uuid.UUID(int=7),
        msisdn="+32470123456",
        name=name,
        status="active",
        product_type="voice_data",
        plan=PlanName("pro-flex-20", name),
        options=[],
        billing_account=name,
        sim_number="",
    )


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1, max_size=40))
def test_names_never_become_markup(name: str) -> None:
    plain, wild = (parsed(row_html(translator_for("fr"), "mandarine", row(one))) for one in ("A", name))
    assert [tag for tag, _ in wild.seen] == [tag for tag, _ in plain.seen]
    assert name in wild.words


def test_a_row_says_what_a_row_must() -> None:
    seen = parsed(row_html(translator_for("fr"), "mandarine", row("Peeters, An")))
    assert "0470 12 34 56" in seen.words
    assert "Active" in seen.words
    assert ("th", {"scope": "row"}) in seen.seen
    boxes = [attributes for tag, attributes in seen.seen if tag == "input"]
    assert boxes[0]["aria-label"] == "Choisir 0470 12 34 56"


def test_a_row_shows_product_type_and_option_families() -> None:
    one = msgspec.structs.replace(row("An"), options=["europe-plus", "data-5gb", "sms-unlimited"])
    texts = parsed(row_html(translator_for("fr"), "mandarine", one)).words
    assert translator_for("fr")("Voice and data") in texts
    for family in ("Abroad", "Data", "SMS"):
        assert translator_for("fr")(family) in texts
    data = msgspec.structs.replace(row("An"), product_type="data_only")
    assert (
        translator_for("fr")("Data only") in parsed(row_html(translator_for("fr"), "mandarine", data)).words
    )


def test_an_element_escapes_words_and_attributes_and_keeps_markup() -> None:
    inner = element("b", {}, "1 < 2 & 'so on'")
    assert inner == "<b>1 &lt; 2 &amp; 'so on'</b>"
    assert element("p", {"title": "\"'<"}, inner, None, 7) == (f'<p title="&quot;&#x27;&lt;">{inner}7</p>')
    assert isinstance(inner, Markup)


def test_attributes_that_are_true_false_or_nothing() -> None:
    assert element("input", {"checked": True, "disabled": False, "value": None}, "x") == "<input checked>"
    assert element("input", {"value": ""}) == '<input value="">'


def test_joining_keeps_markup_and_escapes_the_rest() -> None:
    assert joined("<", element("br", {}), None, 0) == "&lt;<br>0"


def test_a_document_opens_with_its_type_and_language() -> None:
    whole = document("fr", element("title", {}, "A & B"), element("main", {}, "<"))
    assert whole.startswith('<!doctype html><html lang="fr"><head><meta charset="utf-8">')
    assert whole.endswith("<title>A &amp; B</title></head><body><main>&lt;</main></body></html>")


@given(st.text())
def test_no_text_becomes_an_element(words: str) -> None:
    assert [tag for tag, _ in parsed(element("p", {"title": words}, words)).seen] == ["p"]


def test_attributes_are_escaped_and_empty_ones_left_out() -> None:
    node = html.input({"value": '"><script>', "disabled": True, "title": None, "hidden": False})
    assert to_html(node) == '<input value="&quot;&gt;&lt;script&gt;" disabled>'


def test_handlers_have_no_place_in_html() -> None:
    with pytest.raises(ValueError, match="handlers"):
        to_html(html.button({"onClick": lambda _event: None}, "Go"))


def test_table_rows_carry_their_key() -> None:
    table = rows_table(table_frame("Lines", [("Name", "")]), [("a", html.tr(html.td("x")))])
    assert table["attributes"]["rows"] == [("a", '<tr data-key="a"><td>x</td></tr>')]


def test_the_portal_and_the_sandbox_serve_one_file_of_tokens() -> None:
    root = Path(__file__).parents[2]
    found = {path for folder in ("frontend", "backend") for path in (root / folder).rglob("tokens.css")}
    assert found == {TOKENS_CSS}
    assert FILES["tokens.css"][0] == TOKENS_CSS
    assert rcssmin.cssmin(TOKENS_CSS.read_text("utf-8")) in assets()[asset_url(STYLES)].plain.decode()
