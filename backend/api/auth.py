"""Sign-in, choice of company, switching and sign-out: ordinary HTTP with redirects, for pages and their forms."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog
from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from backend.api.sign_in_context import SignInContext, html, message, to
from backend.api.sign_in_state import (
    FLOW_SECONDS,
    TenantChoice,
    open_choice,
    open_flows,
    seal_choice,
    seal_flows,
)
from backend.core.errors import AppError, Unavailable
from backend.core.i18n import LANGUAGES
from backend.core.permissions import Portal
from backend.integrations.identity import SignInFailed
from backend.issuer import store
from backend.issuer.context import Issuer
from backend.issuer.page import choice_form, message_page
from backend.issuer.routes import issuer_router
from backend.issuer.texts import say
from backend.members import service as members
from backend.members import sessions
from backend.members.schemas import Membership, OpenedSession
from backend.settings import Settings
from backend.web.forms import LARGEST_FORM, read_form
from backend.web.origin import safe_return_path
from backend.web.types import AnyRequest
from tenants.scope import Actor, MemberId

log = structlog.get_logger()


@get("/login")
async def login(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """Send the browser to sign in; `next` is one of our paths, `fresh=1` asks for the password in any case.

    Who is signed in goes on to `next`: another tab may have changed the session, and a sign-in would end that tab's.
    """
    query = request.query_params
    if (
        _elsewhere(request, context) and "here" not in query
    ):  # once: a proxy may hide the name that people use
        return to(
            f"{context.settings.public_url}/auth/login?{urlencode({**query.dict(), 'here': '1'}, doseq=True)}"
        )
    fresh, session = query.get("fresh") == "1", request.cookies.get(context.cookies.session, "")
    if "next" in query and not fresh and await sessions.load_session(session):
        return to(safe_return_path(query["next"]))
    try:
        address, flow = await context.chosen_provider().begin(
            context.callback,
            next_path=safe_return_path(query.get("next", "/")),
            fresh=fresh,
            language=query["language"] if query.get("language") in LANGUAGES else "",
        )
    except Unavailable:
        return message(request, context, "refused", "unavailable_text", 503)
    flows = [*open_flows(context.secret_box, request.cookies.get(context.cookies.flow, "")), flow]
    return to(
        address,
        context.cookies.make(
            context.cookies.flow, seal_flows(context.secret_box, flows), seconds=FLOW_SECONDS
        ),
    )


def _elsewhere(request: AnyRequest, context: SignInContext) -> bool:
    """Whether the browser used another name for us, such as 127.0.0.1: cookies belong to one name."""
    home = urlsplit(context.settings.public_url).netloc
    return request.headers.get("host", home) != home


@get("/callback")
async def callback(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """The browser comes back: check the answer, then open a session, ask for which company, or say why not."""
    answer = dict(request.query_params.items())
    flows = open_flows(context.secret_box, request.cookies.get(context.cookies.flow, ""))
    flow = next((flow for flow in flows if flow.state == answer.get("state")), None)
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    # Used before (the back button), too old, or not begun in this browser
    if flow is None:
        return to("/") if actor else message(request, context, "refused", "refused_text", 400)
    left = [other for other in flows if other is not flow]
    used = context.cookies.make(
        context.cookies.flow, seal_flows(context.secret_box, left), seconds=FLOW_SECONDS if left else 0
    )
    try:
        identity = await context.chosen_provider().finish(context.callback, flow, answer)
        account_id = UUID(identity.subject)
    except (SignInFailed, ValueError) as error:
        log.warning("sign-in failed", why=str(error))
        return message(request, context, "refused", "refused_text", 400, used)
    except Unavailable:
        return message(request, context, "refused", "unavailable_text", 503, used)
    found = await members.memberships(account_id)
    chosen = (
        found[0]
        if len(found) == 1
        else next((one for one in found if actor and one.member_id == actor.member_id), None)
    )
    if chosen:
        return await _enter(
            context, chosen, TenantChoice(account_id, identity.auth_time, flow.next), actor, used
        )
    if not found:
        return message(request, context, "no_access", "no_access_text", 403, used)
    sealed = seal_choice(context.secret_box, TenantChoice(account_id, identity.auth_time, flow.next))
    return to(
        "/auth/choose", used, context.cookies.make(context.cookies.choice, sealed, seconds=FLOW_SECONDS)
    )


@get("/choose")
async def choose(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """The companies of somebody who has signed in and has several."""
    choice = open_choice(context.secret_box, request.cookies.get(context.cookies.choice, ""))
    if choice is None:
        return to("/auth/login")
    frame = context.issuer.frame(request)
    found = await members.memberships(choice.account_id)
    form = choice_form("/auth/choose", "tenant", [(str(one.tenant_id), one.tenant) for one in found])
    title, text = say("choose", frame.language), say("choose_text", frame.language)
    return html(message_page(frame, title, text, form=form), 200)


@post("/choose")
async def chosen(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """Enter the company that was chosen; back to the choice for one that is not the person's."""
    choice = open_choice(context.secret_box, request.cookies.get(context.cookies.choice, ""))
    if choice is None:
        return to("/auth/login")
    wanted = (await read_form(request)).get("tenant", "")
    found = await members.memberships(choice.account_id)
    one = next((one for one in found if str(one.tenant_id) == wanted), None)
    if one is None:
        return to("/auth/choose")
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    return await _enter(context, one, choice, actor, context.cookies.drop(context.cookies.choice))


@post("/switch")
async def switch(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """Another portal (`portal`) or another company (`tenant`), and on to `next`; the session's identifier changes."""
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    if actor is None:
        return to("/auth/login")
    form = await read_form(request)
    portal, tenant = form.get("portal", ""), form.get("tenant", "")
    try:
        if portal in set(Portal):
            opened = await sessions.switch_portal(actor, Portal(portal))
        else:
            opened = await sessions.switch_tenant(actor, UUID(tenant))
    except (AppError, ValueError):
        return to("/")
    return to(safe_return_path(form.get("next", "/")), _session_cookie(context, opened))


@post("/language")
async def language(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """The language of the portal, for this member from now on."""
    form = await read_form(request)
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    if actor and (wanted := form.get("language", "")) in LANGUAGES:
        await sessions.set_language(actor, wanted)
    return to(safe_return_path(form.get("next", "/")))


@post("/logout")
async def logout(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """End the portal's session and the provider's; open pages of the session close in every process."""
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    if actor:
        await sessions.end_session(actor)
    ended = [
        context.cookies.drop(name)
        for name in (context.cookies.session, context.cookies.issuer, context.cookies.choice)
    ]
    provider = context.chosen_provider()
    if provider.built_in:
        await store.end_session(request.cookies.get(context.cookies.issuer, ""))
        return to("/auth/login", *ended)
    try:
        back = await provider.sign_out_address(f"{context.settings.public_url}/")
    except Unavailable:
        back = None
    return to(back or "/auth/login", *ended)


async def _enter(
    context: SignInContext, one: Membership, choice: TenantChoice, actor: Actor | None, *cookies: Cookie
) -> Response[str]:
    """Open a new session in place of the one this browser had. A fresh sign-in stays in the portal it came from."""
    portal = None
    if actor:
        if actor.member_id == one.member_id:
            portal = Portal.USER if actor.end_user_id else Portal.MANAGER
        await sessions.end_session(actor)
    opened = await sessions.open_session(
        Actor(one.tenant_id), MemberId(one.member_id), choice.auth_time, portal=portal
    )
    return to(choice.next, *cookies, _session_cookie(context, opened))


def _session_cookie(context: SignInContext, opened: OpenedSession) -> Cookie:
    return context.cookies.make(context.cookies.session, opened.token)


def identity_routers(settings: Settings, stylesheets: Sequence[str] = ()) -> list[Router]:
    """Everything under /id and /auth. `stylesheets` are addresses of our own origin."""
    issuer = Issuer(settings, stylesheets, on_lock_out=members.record_lock_out)
    return [issuer_router(issuer), auth_router(SignInContext(settings, issuer))]


def auth_router(context: SignInContext) -> Router:
    """The sign-in routes for one issuer and provider."""

    def on_unreadable(request: AnyRequest, error: HTTPException) -> Response[str]:
        return message(request, context, "unreadable", "unreadable_text", error.status_code)

    return Router(
        "/auth",
        route_handlers=[login, callback, choose, chosen, switch, language, logout],
        dependencies={"context": Provide(lambda: context, sync_to_thread=False)},
        request_max_body_size=LARGEST_FORM,
        exception_handlers={HTTPException: on_unreadable},
        include_in_schema=False,
    )
