"""Pages of a list: the number in an address, and the links to the page before and after."""

from reactpy import html
from reactpy.types import VdomDict

from frontend.elements import icon
from frontend.i18n import Translator

HIGHEST_PAGE = 1_000_000


def page_number(asked: str) -> int:
    """The page that an address asks for, from 1; the first where it asks for none."""
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 8):
        return 1
    return min(max(int(asked), 1), HIGHEST_PAGE)


def pager(
    text: Translator,
    previous: str | None,
    following: str | None,
    *,
    style: str = "pager push",
    keep: bool = False,
) -> VdomDict:
    """Links to the page before and after, where there is one. `keep`: the page stays where it is scrolled."""

    def link(to: str, *content: VdomDict | str) -> VdomDict:
        kept = {"data-keep": ""} if keep else {}
        return html.a({"class": "button button-small", "href": to, **kept}, *content)

    return html.nav(
        {"class": style, "aria-label": text("Pages")},
        link(previous, icon("left", "icon-small"), text("Previous")) if previous else None,
        link(following, text("Next"), icon("right", "icon-small")) if following else None,
    )
