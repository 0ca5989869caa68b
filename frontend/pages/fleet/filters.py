"""What narrows the fleet: the drawer of filters and the chips of those in use."""

from collections.abc import Mapping

from reactpy import html
from reactpy.types import VdomDict

from backend.core.formats import labelled
from backend.lines.schemas import Facet, LineFacets, Sort
from frontend.components.forms import check, check_group
from frontend.components.lines.fleet_view import FILTER_NAMES, FLEET, KEYS, View
from frontend.elements import hidden, icon
from frontend.i18n import Translator
from frontend.labels import PRODUCT_TYPES, line_state_words

# The way out of each chip repeats the rest of the view: of more values, a filter with many of them is one chip
MOST_CHIPS, FEW = 30, 5


def facet_name(text: Translator, key: str, facet: Facet) -> str:
    if key == "status":
        return line_state_words(text, facet.value)
    if key == "product_type" and facet.value in PRODUCT_TYPES:
        return text(PRODUCT_TYPES[facet.value][0])
    return facet.name or facet.value


def chips(text: Translator, view: View, facets: LineFacets) -> VdomDict | None:
    """What narrows the list, each with a way out."""
    entries: list[tuple[str, str, View]] = []
    if view.filter.search:
        entries.append((text("Search"), view.filter.search, view.without("search")))
    many = sum(len(getattr(view.filter, key)) for key in KEYS) > MOST_CHIPS
    for key in KEYS:
        values = getattr(view.filter, key)
        if many and len(values) > FEW:
            words = text.plural("{n} value", "{n} values", len(values))
            entries.append((text(FILTER_NAMES[key]), words, view.without(key)))
            continue
        names = {facet.value: facet_name(text, key, facet) for facet in getattr(facets, key)}
        entries += [
            (
                text(FILTER_NAMES[key]),
                names.get(value) or text("{value} (no line has it)", value=value),
                view.without(key, value),
            )
            for value in values
        ]
    if not entries:
        return None
    return html.div(
        {"class": "chips"},
        html.ul(
            {"class": "chips", "aria-label": text("Active filters")},
            *(
                html.li(
                    {"class": "chip"},
                    labelled(text.language, name, value),
                    html.a(
                        {
                            "class": "chip-remove",
                            "href": without.address(),
                            "data-keep": "",
                            "id": f"chip-{index}",
                        },
                        icon("close"),
                        hidden(text("Remove the filter {name}", name=name)),
                    ),
                )
                for index, (name, value, without) in enumerate(entries)
            ),
        ),
        html.a(
            {
                "class": "button button-quiet button-small",
                "href": View(sort=view.sort, descending=view.descending).address(),
                "data-keep": "",
                "id": "chips-clear",
            },
            text("Clear all"),
        ),
    )


def filters(text: Translator, view: View, facets: LineFacets) -> VdomDict:
    """The filter drawer: a plain form, its result is an address."""
    groups = [
        check_group(
            text(FILTER_NAMES[key]),
            [
                check(
                    key,
                    facet.value,
                    facet_name(text, key, facet),
                    ticked=facet.value in getattr(view.filter, key),
                    count=text.number(facet.count),
                )
                for facet in getattr(facets, key)
            ],
        )
        for key in KEYS
        if getattr(facets, key)
    ]
    kept: Mapping[str, str] = {"search": view.filter.search}
    if view.sort is not Sort.NAME or view.descending:
        kept = {**kept, "sort": f"{'-' if view.descending else ''}{view.sort.value}"}
    return html.form(
        {"action": FLEET, "method": "get", "data-filters": ""},
        html.header(
            html.h2({"id": "filters-title"}, text("Filter the fleet")),
            html.button(
                {
                    "class": "icon-button",
                    "type": "button",
                    "popovertarget": "filters",
                    "popovertargetaction": "hide",
                },
                icon("close"),
                hidden(text("Close")),
            ),
        ),
        html.div(
            {"class": "body"},
            *groups,
            *(
                html.input({"type": "hidden", "name": name, "value": value})
                for name, value in kept.items()
                if value
            ),
        ),
        html.footer(
            html.a(
                {
                    "class": "button button-quiet",
                    "href": View(sort=view.sort, descending=view.descending).address(),
                    "data-keep": "",
                },
                text("Clear"),
            ),
            html.button({"class": "button button-primary", "type": "submit"}, text("Show the lines")),
        ),
    )
