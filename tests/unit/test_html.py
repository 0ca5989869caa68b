"""HTML from component functions: escaped once, everywhere."""

import uuid
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reactpy import html

from backend.lines.schemas import LineRow, PlanName
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


def test_attributes_are_escaped_and_empty_ones_left_out() -> None:
    node = html.input({"value": '"><script>', "disabled": True, "title": None, "hidden": False})
    assert to_html(node) == "<input value='&quot;&gt;&lt;script&gt;' disabled>"


def test_handlers_have_no_place_in_html() -> None:
    with pytest.raises(ValueError, match="handlers"):
        to_html(html.button({"onClick": lambda _event: None}, "Go"))


def test_table_rows_carry_their_key() -> None:
    table = rows_table(table_frame("Lines", [("Name", "")]), [("a", html.tr(html.td("x")))])
    assert table["attributes"]["rows"] == [("a", "<tr data-key='a'><td>x</td></tr>")]


def test_the_sandbox_wears_the_same_tokens() -> None:
    """It is an application of its own and may not read the portal's files, so it has a copy."""
    root = Path(__file__).parents[2]
    ours, copy = (root / folder / "static" / "tokens.css" for folder in ("frontend", "backend/sandbox"))
    assert copy.read_text("utf-8").partition(":root")[2] == ours.read_text("utf-8").partition(":root")[2]
