"""The fleet page as one piece of HTML: its still parts, and the regions and rows that change."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from reactpy import html
from reactpy.types import VdomDict

from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.layout import skeleton_line
from frontend.components.lines.fleet_view import FLEET
from frontend.components.lines.line_actions import bar_buttons, bar_menu, row_links
from frontend.elements import hidden, icon
from frontend.html import to_html
from frontend.i18n import Translator, translator_for
from frontend.page_context import PageContext
from frontend.pages.fleet.regions import skeleton_rows


@lru_cache(maxsize=16)
def _frame(language: str, carrier: str, may_change: bool, may_usage: bool) -> str:
    """The still parts, with `@region@` marks; the same text for everybody at this carrier who reads this language."""
    text = translator_for(language)
    words = {
        "none": text("No line chosen"),
        "one": text("1 line chosen"),
        "many": text("{n} lines chosen", n="{n}"),
        "why-type": text("Other plan type than the selection"),
        "why-status": text("Other status than the selection"),
    }
    return to_html(
        html.div(
            {
                "data-island": "fleet",
                "data-view": "@view@",
                **{f"data-{name}": said for name, said in words.items()},
            },
            html.div({"data-region": "head"}, "@head@"),
            html.div({"data-region": "views"}, "@views@"),
            _lines_panel(text),
            _selection_bar(text, carrier, may_change=may_change),
            _row_menu(text, carrier, may_change=may_change, may_usage=may_usage),
        )
    )


def _lines_panel(text: Translator) -> VdomDict:
    table = html.table(
        {"class": "table table-hover table-sticky"},
        html.caption({"class": "visually-hidden"}, text("Lines of your fleet")),
        html.thead({"data-region": "heads"}, "@heads@"),
        html.tbody("@rows@"),
    )
    drawer = {
        "class": "drawer",
        "id": "filters",
        "popover": "auto",
        "aria-labelledby": "filters-title",
        "data-region": "filters",
    }
    return html.section(
        {"class": "panel", "aria-label": text("Lines")},
        _toolbar(text),
        html.dialog(drawer, "@filters@"),
        html.div({"class": "table-frame"}, table),
        html.div({"data-region": "empty"}, "@empty@"),
        html.div(
            {"class": "panel-footer"},
            html.span({"data-counter": "", "role": "status", "class": "rank-2"}),
            html.div({"data-region": "foot", "class": "foot"}, "@foot@"),
        ),
    )


def _toolbar(text: Translator) -> VdomDict:
    box = html.input(
        {
            "class": "input input-compact",
            "type": "search",
            "id": "fleet-search",
            "name": "search",
            "data-live": "",
            "autocomplete": "off",
            "placeholder": text("Number, SIM, customer number or name"),
            "value": "@search@",
        }
    )
    search = html.form(
        {"class": "search", "role": "search", "action": FLEET, "method": "get", "data-merge": ""},
        html.label({"class": "visually-hidden", "for": "fleet-search"}, text("Search the fleet")),
        icon("search"),
        box,
        html.span(
            {"class": "search-note", "role": "status", "data-short": "", "hidden": True},
            text("At least three letters or digits"),
        ),
        html.span({"class": "contents"}, "@kept@"),
    )
    return html.div(
        {"class": "toolbar"},
        search,
        html.button(
            {"class": "button", "type": "button", "popovertarget": "filters"},
            icon("filter"),
            html.span({"class": "words-wide"}, text("Filter")),
        ),
        html.div({"data-region": "chips", "class": "contents"}, "@chips@"),
    )


def _selection_bar(text: Translator, carrier: str, *, may_change: bool) -> VdomDict:
    """What can be done with the chosen lines."""
    return html.div(
        {"class": "selection-bar", "role": "region", "aria-label": text("Selection"), "hidden": True},
        html.strong({"data-counter": ""}),
        button("", kind="quiet", more={"data-act": "everything", "data-count": "0", "hidden": True}),
        *(_changes(text, carrier) if may_change else ()),
        html.button(
            {"class": "icon-button", "type": "button", "data-act": "clear"},
            icon("close"),
            hidden(text("Clear the selection")),
        ),
    )


def _changes(text: Translator, carrier: str) -> list[VdomDict]:
    return [
        *bar_buttons(text, carrier),
        html.button(
            {"class": "button", "type": "button", "popovertarget": "bar-menu"},
            text("More"),
            icon("down", "icon-small"),
        ),
        html.div(
            {"class": "menu menu-grouped", "id": "bar-menu", "popover": "auto"}, *bar_menu(text, carrier)
        ),
    ]


def _row_menu(text: Translator, carrier: str, *, may_change: bool, may_usage: bool) -> VdomDict:
    usage = html.a({"href": FLEET, "data-part": "usage"}, icon("usage"), text("See the usage"))
    return html.div(
        {"class": "menu menu-grouped", "id": "row-menu", "popover": "auto"},
        html.a({"href": FLEET}, icon("eye"), text("See the line")),
        usage if may_usage else None,
        *(row_links(text, carrier) if may_change else ()),
    )


def _fill(frame: str, values: Mapping[str, str]) -> str:
    """Put each value at its mark, in one pass: a value that looks like a mark stays what it is."""
    return re.sub(r"@([a-z]+)@", lambda found: values.get(found[1], ""), frame)


def island_html(
    page: PageContext, regions: Mapping[str, str], rows: str, *, view: str, search: str, kept: str
) -> str:
    """The whole page. The search box keeps the rest of the view where no script runs yet."""
    return _fill(
        _frame(*_reader(page)),
        {**regions, "rows": rows, "view": escape(view), "search": escape(search), "kept": kept},
    )


@lru_cache(maxsize=16)
def _waiting(language: str, carrier: str, may_change: bool, may_usage: bool) -> str:
    title = html.div(
        {"class": "page-header"},
        html.div(
            html.h1(translator_for(language)("Fleet")),
            html.p({"class": "row"}, skeleton_line()),
        ),
    )
    return _fill(
        _frame(language, carrier, may_change, may_usage), {"head": to_html(title), "rows": skeleton_rows()}
    )


def waiting_html(page: PageContext) -> str:
    """The page before its list is there; one text for all, so that no open page keeps its own."""
    return _waiting(*_reader(page))


def _reader(page: PageContext) -> tuple[str, str, bool, bool]:
    """What the still parts depend on."""
    may = page.may
    return (
        page.text.language,
        page.profile.carrier,
        may(Permission.ORDERS_PLACE),
        may(Permission.USAGE_READ),
    )
