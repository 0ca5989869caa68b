"""The bar above every page: search, portal switch, messages, languages, account."""

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.identifiers import REFERENCE_PATTERN
from backend.core.i18n import LANGUAGE_NAMES
from backend.core.permissions import Permission
from frontend.elements import Child, hidden, icon
from frontend.i18n import Translator
from frontend.labels import PORTALS
from frontend.page_context import PageContext


def initials(name: str) -> str:
    words = [word for word in name.split() if word[:1].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def post_button(
    action: str, name: str, value: str, *label: Child, more: dict[str, str] | None = None, back: str = ""
) -> VdomDict:
    """A button of its own form: what changes the session is an ordinary POST. `back` is where it returns to."""
    return html.form(
        {"method": "post", "action": action},
        html.input({"type": "hidden", "name": "next", "value": back}) if back else None,
        html.button({"type": "submit", "name": name, "value": value, **(more or {})}, *label),
    )


def _switch(page: PageContext) -> VdomDict | None:
    """The portal switch, only for people who hold both."""
    if len(page.profile.portals) < 2:
        return None
    text = page.text
    return html.nav(
        {"class": "switch", "aria-label": text("Portal")},
        *(
            html.span({"aria-current": "true"}, text(PORTALS[portal]))
            if portal == page.profile.portal
            else post_button("/auth/switch", "portal", portal, text(PORTALS[portal]))
            for portal in page.profile.portals
        ),
    )


def _search(page: PageContext) -> VdomDict | None:
    if not page.may(Permission.LINES_READ):
        return None
    words = page.text("Number, name, SIM or reference")
    return html.form(
        {"class": "search topbar-search", "role": "search", "action": "/app/fleet", "method": "get"},
        html.label({"class": "visually-hidden", "for": "search"}, page.text("Search the fleet")),
        icon("search"),
        html.input(
            {
                "class": "input input-compact",
                "type": "search",
                "id": "search",
                "name": "search",
                "placeholder": words,
                "autocomplete": "off",
                "data-reference": REFERENCE_PATTERN,
            }
        ),
        html.kbd({"aria-hidden": "true"}, "/"),
    )


def _language_menu(text: Translator, path: str) -> VdomDict:
    return html.div(
        {"class": "menu", "id": "language-menu", "popover": "auto"},
        *(
            post_button(
                "/auth/language",
                "language",
                code,
                name,
                more={"lang": code, **({"aria-current": "true"} if code == text.language else {})},
                back=path,
            )
            for code, name in LANGUAGE_NAMES.items()
        ),
    )


def _account_menu(page: PageContext) -> VdomDict:
    text, profile = page.text, page.profile
    return html.div(
        {"class": "menu", "id": "account-menu", "popover": "auto"},
        html.div(
            {"class": "menu-head"},
            html.strong(page.actor.name),
            html.br(),
            html.span(
                {"class": "small muted"}, text("Customer no. {number}", number=page.fleet.customer_number)
            )
            if page.fleet.customer_number
            else None,
        ),
        *(
            post_button(
                "/auth/switch",
                "tenant",
                str(other.tenant_id),
                icon("people"),
                text("Go to {company}", company=other.tenant),
            )
            for other in profile.memberships
            if not other.current
        ),
        html.a({"href": "/app/tokens", "data-place": ""}, icon("lock"), text("Access tokens")),
        post_button("/auth/logout", "session", "", icon("signout"), text("Sign out")),
    )


def _notifications(text: Translator, path: str) -> VdomDict:
    """Leads to the person's messages. How many are unread comes over the socket; none shows no number."""
    here = {"aria-current": "page"} if path == "/app/notifications" else {}
    return html.a(
        {"class": "icon-button", "href": "/app/notifications", "data-place": "", **here},
        icon("bell"),
        hidden(text("Messages")),
        html.span({"class": "count", "data-unread": "", "hidden": True}, "0"),
        html.span({"class": "visually-hidden", "hidden": True}, text("unread")),
    )


def topbar(page: PageContext, path: str) -> VdomDict:
    text, name = page.text, page.actor.name
    return html.header(
        {"class": "topbar"},
        html.button(
            {"class": "icon-button topbar-menu", "type": "button", "popovertarget": "nav"},
            icon("menu"),
            hidden(text("Menu")),
        ),
        html.a(
            {"class": "brand", "href": "/app"},
            html.svg({"class": "brand-mark", "aria-hidden": "true"}, html.svg.use({"href": "#i-mark"})),
            "Fleetline",
        ),
        html.span({"class": "tenant"}, page.profile.tenant),
        _switch(page),
        _search(page) or html.span({"class": "push"}),
        _notifications(text, path),
        html.button(
            {"class": "button button-quiet topbar-wide", "type": "button", "popovertarget": "language-menu"},
            icon("globe", "icon-small"),
            html.abbr({"title": LANGUAGE_NAMES[text.language]}, text.language.upper()),
            hidden(text(", change the language")),
        ),
        html.button(
            {"class": "avatar-button", "type": "button", "popovertarget": "account-menu"},
            html.span({"class": "avatar", "aria-hidden": "true"}, initials(name)),
            html.span({"class": "avatar-name"}, name.split(" ")[0]),
            hidden(text(", my account")),
            icon("down", "icon-small"),
        ),
        _language_menu(text, path),
        _account_menu(page),
    )
