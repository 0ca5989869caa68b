"""Pages for people without a session, opened from a mail: `/p/<purpose>/<token>`.

GET only draws, since mail scanners follow links; a button posts. That a browser has opened a page may be noted. The
token in the path is what authenticates, so a foreign page that does not know it can post nothing; the check of origins
refuses it all the same. Features register their page in PUBLIC_PAGES; an unknown, expired or foreign token and an
unknown purpose are one answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from litestar import Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from backend.core import public_links
from backend.core.errors import AppError
from backend.core.formats import labelled
from backend.core.i18n import choose_language
from backend.core.messaging.jobs import job_scope
from backend.core.public_links import PublicLinkGrant
from backend.issuer.frame import HEADERS, PageFrame, drawing, error_summary, page
from backend.issuer.page import message_page
from backend.issuer.texts import say
from backend.settings import Settings
from backend.web.client_address import client_address
from backend.web.forms import LARGEST_FORM, read_form
from backend.web.html import Markup, element, joined
from backend.web.rate_limit import RateLimit
from backend.web.types import AnyRequest
from tenants.scope import Actor, Scope

# The address carries a secret: it is sent to no other site, and no index keeps it.
PUBLIC_HEADERS = {**HEADERS, "referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class PublicView:
    """What a page shows: title, paragraphs, and buttons (value, words) that post `choice`.

    `form` is more of the form, before its buttons. `language` is the subject's own, where it is known.
    """

    title: str
    text: Sequence[str]
    buttons: Sequence[tuple[str, str]] = ()
    form: Markup | None = None
    language: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    # What the page asks was done: its title and text stand out as a confirmation
    done: bool = False


# Reads only; takes the language that the browser asks for.
Render = Callable[[Scope, PublicLinkGrant, str], Awaitable[PublicView]]
# May change something; takes the language and the form's values.
Handle = Callable[[Scope, PublicLinkGrant, str, Mapping[str, str]], Awaitable[PublicView]]


@dataclass(frozen=True, slots=True)
class PublicPage:
    """One purpose's page. `act` decides with `public_links.use(scope, link.id)` in the same transaction, if once only."""

    render: Render
    handle: Handle
    # After a browser has opened it: what is written of that
    opened: Callable[[Scope, PublicLinkGrant], Awaitable[None]] | None = None


PUBLIC_PAGES: dict[str, PublicPage] = {}


@dataclass
class PublicPagesContext:
    """What these routes need."""

    settings: Settings
    stylesheets: Sequence[str] = ()
    limit: RateLimit = field(default_factory=RateLimit)

    def frame(self, language: str) -> PageFrame:
        return PageFrame(self.stylesheets, self.settings.operator, language)


@get("/{purpose:str}/{token:str}")
async def show(request: AnyRequest, public: NamedDependency[PublicPagesContext]) -> Response[str]:
    """Draw; change nothing."""
    return await _answer(request, public, None)


@post("/{purpose:str}/{token:str}", status_code=200)
async def submit(request: AnyRequest, public: NamedDependency[PublicPagesContext]) -> Response[str]:
    """A button was pressed."""
    return await _answer(request, public, await read_form(request))


async def _answer(
    request: AnyRequest, public: PublicPagesContext, form: Mapping[str, str] | None
) -> Response[str]:
    language = choose_language("", request.headers.get("accept-language", ""))
    peer = request.client.host if request.client else ""
    forwarded = request.headers.get("x-forwarded-for", "")
    if not public.limit.allows(client_address(peer, forwarded, public.settings.trusted_proxies)):
        return _message(public, language, "public_slow", "public_slow_text", 429)
    purpose, token = request.path_params["purpose"], request.path_params["token"]
    registered = PUBLIC_PAGES.get(purpose)
    link = await public_links.find_link(token, purpose) if registered else None
    if registered is None or link is None:
        return _message(public, language, "public_gone", "public_gone_text", 404)
    try:
        async with job_scope(Actor(link.tenant_id, language=language)) as scope:
            if form is None:
                # Mail scanners follow links: whatever a page does, drawing it changes nothing.
                await scope.execute("SET TRANSACTION READ ONLY")
                view = await registered.render(scope, link, language)
                opened = registered.opened
            else:
                view = await registered.handle(scope, link, language, form)
                opened = None
        # Scanners and previews of mail programs say of no navigation that a person opens a page by it
        if opened is not None and request.headers.get("sec-fetch-dest") == "document":
            async with job_scope(Actor(link.tenant_id, language=language)) as scope:
                await opened(scope, link)
    except AppError as refusal:
        if refusal.status == 503:
            raise
        return _message(public, language, "public_gone", "public_gone_text", 404)
    return _html(_page(public, view, language, request.url.path), 422 if view.errors else 200)


def _page(public: PublicPagesContext, view: PublicView, language: str, path: str) -> Markup:
    chosen = view.language or language
    buttons = [
        element(
            "button",
            {
                "class": f"button {'' if index else 'button-primary '}button-large button-wide",
                "type": "submit",
                "name": "choice",
                "value": value,
            },
            words,
        )
        for index, (value, words) in enumerate(view.buttons)
    ]
    form = {"class": "form", "method": "post", "action": path, "novalidate": True}
    content = joined(
        _head(view),
        error_summary(view.errors, chosen),
        element("form", form, view.form, *buttons) if buttons else None,
    )
    title = labelled(chosen, say("error", chosen), view.title) if view.errors else view.title
    return page(public.frame(chosen), title, content, story=False)


def _head(view: PublicView) -> Markup:
    """The title and the text; of what was done as a confirmation that is read aloud."""
    title = element("h1", {}, view.title)
    if not view.done:
        paragraphs = (element("p", {"class": "muted"}, words) for words in view.text)
        return element("div", {"class": "stack stack-tight"}, title, *paragraphs)
    paragraphs = (element("p", {}, words) for words in view.text)
    notice = element(
        "div",
        {"class": "notice notice-positive", "role": "status"},
        drawing("i-check"),
        element("div", {}, *paragraphs),
    )
    return element("div", {"class": "stack stack-tight"}, title, notice)


def _message(public: PublicPagesContext, language: str, title: str, text: str, status: int) -> Response[str]:
    operator = public.settings.operator
    support = f"{operator.support_email}, {operator.support_phone}"
    words = say(text, language, support=support)
    return _html(message_page(public.frame(language), say(title, language), words, story=False), status)


def _html(content: Markup, status: int) -> Response[str]:
    return Response(
        content, status_code=status, headers=PUBLIC_HEADERS, media_type="text/html; charset=utf-8"
    )


def public_router(settings: Settings, stylesheets: Sequence[str] = ()) -> Router:
    """Everything under /p."""
    public = PublicPagesContext(settings, stylesheets)

    def on_unreadable(request: AnyRequest, error: HTTPException) -> Response[str]:
        language = choose_language("", request.headers.get("accept-language", ""))
        return _message(public, language, "unreadable", "unreadable_text", error.status_code)

    return Router(
        "/p",
        route_handlers=[show, submit],
        dependencies={"public": Provide(lambda: public, sync_to_thread=False)},
        request_max_body_size=LARGEST_FORM,
        exception_handlers={HTTPException: on_unreadable},
        include_in_schema=False,
    )
