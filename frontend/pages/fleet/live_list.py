"""The fleet page as one piece of HTML: its still parts, and the regions and rows that change."""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape

from reactpy import html

from backend.core.permissions import Permission
from frontend.components.actions import button
from frontend.components.lines.line_actions import bar_buttons, row_links
from frontend.elements import Child, hidden, icon
from frontend.html import to_html
from frontend.i18n import translator_for
from frontend.page_context import PageContext
from frontend.pages.fleet.regions import skeleton_rows
from frontend.pages.fleet.view import FLEET


@lru_cache(maxsize=16)
def _frame(language: str, carrier: str, may_change: bool, may_usage: bool) -> str:
    """The still parts, with `{region}` marks; the same text for everybody at this carrier who reads this language."""
    text = translator_for(language)
    search = html.form(
        {"class": "search", "role": "search", "action": FLEET, "method": "get", "data-merge": ""},
        html.label({"class": "visually-hidden", "for": "fleet-search"}, text("Search the fleet")),
        icon("search"),
        html.input(
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
        ),
        html.span({"class": "contents"}, "@kept@"),
    )
    change: list[Child] = []
    if may_change:
        first = button(
            text("Change options"), mark="options", more={"data-start": "change_options", "data-work": ""}
        )
        more = html.button(
            {"class": "button", "type": "button", "popovertarget": "bar-menu"},
            text("More"),
            icon("down", "icon-small"),
        )
        others = bar_buttons(text, carrier)[1:]
        menu_of_bar = html.div({"class": "menu", "id": "bar-menu", "popover": "auto"}, *others)
        change = [first, more, menu_of_bar]
    bar = html.div(
        {"class": "selection-bar", "role": "region", "aria-label": text("Selection"), "hidden": True},
        html.strong({"data-counter": ""}),
        button("", kind="quiet", more={"data-act": "everything", "data-count": "0", "hidden": True}),
        *change,
        html.button(
            {"class": "icon-button", "type": "button", "data-act": "clear"},
            icon("close"),
            hidden(text("Clear the selection")),
        ),
    )
    menu = html.div(
        {"class": "menu", "id": "row-menu", "popover": "auto"},
        html.a({"href": FLEET}, icon("eye"), text("See the line")),
        html.a({"href": FLEET, "data-part": "usage"}, icon("usage"), text("See the usage"))
        if may_usage
        else None,
        *(row_links(text, carrier) if may_change else ()),
    )
    panel = html.section(
        {"class": "panel", "aria-label": text("Lines")},
        html.div(
            {"class": "toolbar"},
            search,
            html.button(
                {"class": "button", "type": "button", "popovertarget": "filters"},
                icon("filter"),
                html.span({"class": "words-wide"}, text("Filter")),
            ),
            html.div({"data-region": "chips", "class": "contents"}, "@chips@"),
        ),
        html.dialog(
            {
                "class": "drawer",
                "id": "filters",
                "popover": "auto",
                "aria-labelledby": "filters-title",
                "data-region": "filters",
            },
            "@filters@",
        ),
        html.div(
            {"class": "table-frame"},
            html.table(
                {"class": "table table-hover table-sticky"},
                html.caption({"class": "visually-hidden"}, text("Lines of your fleet")),
                html.thead({"data-region": "heads"}, "@heads@"),
                html.tbody("@rows@"),
            ),
        ),
        html.div({"data-region": "empty"}, "@empty@"),
        html.div(
            {"class": "panel-footer"},
            html.span({"data-counter": "", "role": "status", "class": "rank-2"}),
            html.div({"data-region": "foot", "class": "foot"}, "@foot@"),
        ),
    )
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
            panel,
            bar,
            menu,
        )
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
    title = f'<div class="page-header"><div><h1>{escape(translator_for(language)("Fleet"))}</h1><p class="row"><span class="skeleton w-3"></span></p></div></div>'
    return _fill(_frame(language, carrier, may_change, may_usage), {"head": title, "rows": skeleton_rows()})


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
