"""The frame of every page as HTML: top bar, menu, account; the app is mounted inside its main part."""

from functools import cache

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile as carrier_profile
from backend.core.i18n import LANGUAGE_NAMES
from backend.core.permissions import Permission
from frontend.assets import OWN, PRELOAD, STYLES, asset_tag, asset_url
from frontend.elements import Child, icon
from frontend.html import to_html
from frontend.http.topbar import topbar
from frontend.i18n import Translator
from frontend.labels import network_words
from frontend.page_context import PageContext

COMPONENT = "frontend.routes.Root"
SOCKET = "/reactpy/"


@cache
def sprite() -> str:
    """Every drawing, once a page, so that nothing is fetched for an icon."""
    drawings = (OWN / "icons.svg").read_text(encoding="utf-8")
    hidden_svg = '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0" class="visually-hidden" aria-hidden="true">'
    return drawings.replace('<svg xmlns="http://www.w3.org/2000/svg">', hidden_svg).replace("\n  ", "")


def _entry(to: str, mark: str, name: str, *more: Child, current: str, also: str = "") -> VdomDict:
    here = (
        current == to
        or (to != "/app" and current.startswith(f"{to}/"))
        or any(current == part or current.startswith(f"{part}/") for part in also.split())
    )
    attributes = {
        "href": to,
        **({"data-also": also} if also else {}),
        **({"aria-current": "page"} if here else {}),
    }
    return html.li(html.a(attributes, icon(mark), name, *more))


def _menu(page: PageContext, path: str) -> VdomDict:
    """Only what works today has an entry."""
    text, profile = page.text, page.profile
    entries = []
    if profile.portal == "user":
        entries.append(_entry("/app/my", "phone", text("My mobile"), current=path))
    else:
        entries.append(_entry("/app", "home", text("Home"), current=path))
        if page.may(Permission.LINES_READ):
            entries.append(
                _entry(
                    "/app/fleet",
                    "fleet",
                    text("Fleet"),
                    current=path,
                    also="/app/lines /app/drafts /app/start /app/bulk",
                )
            )
        if page.may(Permission.ORDERS_READ):
            badge = html.span({"class": "count", "data-running": "", "hidden": True}, "0")
            entries.append(_entry("/app/requests", "requests", text("Requests"), badge, current=path))
        if page.may(Permission.USAGE_READ):
            entries.append(_entry("/app/usage", "usage", text("Usage"), current=path))
        if page.may(Permission.INVOICES_READ):
            entries.append(
                _entry(
                    "/app/invoices",
                    "invoice",
                    text("Invoices"),
                    current=path,
                    also="/app/pay /app/payments /app/billing",
                )
            )
            entries.append(_entry("/app/analysis", "data", text("Analysis"), current=path))
    return html.nav(
        {"class": "sidenav", "id": "nav", "popover": "auto", "aria-label": text("Main menu")},
        html.ul(*entries),
        html.ul(
            {"class": "sidenav-narrow"},
            html.li(
                html.button(
                    {"type": "button", "popovertarget": "language-menu"},
                    icon("globe"),
                    text("Language: {language}", language=LANGUAGE_NAMES[text.language]),
                )
            ),
        ),
        html.p(
            {"class": "sidenav-foot"},
            carrier_profile(profile.carrier).name,
            html.br() if page.fleet.network_at else None,
            html.span({"data-network": ""}, network_words(text, page.fleet.network_at)),
        ),
    )


def _offline(text: Translator) -> VdomDict:
    return html.div(
        {"class": "banner offline-banner", "role": "status"},
        icon("offline"),
        html.span(html.strong(text("Connection lost.")), " ", text("Trying again. What you typed is kept.")),
    )


def page_html(page: PageContext, path: str, first: str) -> str:
    """A whole page around its first view."""
    text = page.text
    preload = "".join(f'<link rel="modulepreload" href="{asset_url(name)}">' for name in PRELOAD)
    frame = to_html(topbar(page, path)) + to_html(_offline(text)) + to_html(_menu(page, path))
    main = html.main(
        {"class": "page", "id": "main", "tabindex": "-1", "data-error": f"{text('Error:')} "},
        html.div({"id": "first", "dangerouslySetInnerHTML": {"__html": first}}),
        html.div(
            {
                "id": "app",
                "data-component": COMPONENT,
                "data-prefix": SOCKET,
                "data-login": "/auth/login",
                "data-tag": asset_tag(),
                "data-back": text("Back online. Nothing was sent twice."),
            }
        ),
    )
    return (
        f'<!doctype html><html lang="{text.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Fleetline</title>"
        f'<link rel="icon" type="image/svg+xml" href="{asset_url("mark.svg")}">'
        f'<link rel="stylesheet" href="{asset_url(STYLES)}">'
        f'<script type="module" src="{asset_url("boot.js")}"></script>{preload}</head>'
        f'<body>{sprite()}<a class="skip-link" href="#main">{text("Skip to the content")}</a>'
        f'<div class="frame">{frame}{to_html(main)}</div>'
        '<div class="toasts" id="toasts" role="status" aria-live="polite"></div></body></html>'
    )
