"""Sign-in, choice of company, switching and sign-out: ordinary HTTP with redirects, for pages and their forms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx
import structlog
from litestar import Litestar, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency, Provide

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
from backend.core.secrets import SecretBox
from backend.integrations.identity import Provider, SignInFailed
from backend.issuer import store
from backend.issuer.clients import PORTAL, portal_secrets
from backend.issuer.page import HEADERS, choice_form, message_page
from backend.issuer.routes import Issuer, issuer_router
from backend.issuer.texts import say
from backend.members import service as members
from backend.members import sessions
from backend.members.lifecycle import Portal
from backend.members.schemas import Membership, OpenedSession
from backend.settings import Settings
from backend.web.cookies import CookieNames
from backend.web.origin import safe_return_path
from backend.web.types import AnyRequest
from tenants.scope import Actor, MemberId

log = structlog.get_logger()


@dataclass
class SignInContext:
    """What the sign-in routes need: the settings, the built-in issuer, and the provider that signs people in.

    Tenants' own providers will be found here, by the domain of the e-mail address.
    """

    settings: Settings
    issuer: Issuer
    provider: Provider | None = None
    secret_box: SecretBox = field(init=False)
    cookies: CookieNames = field(init=False)

    def __post_init__(self) -> None:
        self.secret_box = SecretBox(self.settings.secret_keys)
        self.cookies = CookieNames(self.settings.secure)

    @property
    def callback(self) -> str:
        return f"{self.settings.public_url}/auth/callback"

    def chosen_provider(self) -> Provider:
        if self.provider is None:
            self.provider = built_in_provider(self.settings, self.issuer)
        return self.provider


def built_in_provider(settings: Settings, issuer: Issuer) -> Provider:
    """The issuer under /id, called in this process."""
    inside = Litestar([issuer_router(issuer)], openapi_config=None, logging_config=None)
    transport = httpx.ASGITransport(app=inside)  # type: ignore[arg-type] # the two spell ASGI's types differently
    return Provider(settings.issuer, PORTAL, portal_secrets(settings)[0], transport=transport, built_in=True)


@get("/login")
async def login(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """Send the browser to sign in; `next` is one of our paths, `fresh=1` asks for the password in any case."""
    query = request.query_params
    if (
        _elsewhere(request, context) and "here" not in query
    ):  # once: a proxy may hide the name that people use
        return _to(
            f"{context.settings.public_url}/auth/login?{urlencode({**query.dict(), 'here': '1'}, doseq=True)}"
        )
    try:
        address, flow = await context.chosen_provider().begin(
            context.callback,
            next_path=safe_return_path(query.get("next", "/")),
            fresh=query.get("fresh") == "1",
            language=query["language"] if query.get("language") in LANGUAGES else "",
        )
    except Unavailable:
        return _message(request, context, "refused", "unavailable_text", 503)
    flows = [*open_flows(context.secret_box, request.cookies.get(context.cookies.flow, "")), flow]
    return _to(
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
        return _to("/") if actor else _message(request, context, "refused", "refused_text", 400)
    left = [other for other in flows if other is not flow]
    used = context.cookies.make(
        context.cookies.flow, seal_flows(context.secret_box, left), seconds=FLOW_SECONDS if left else 0
    )
    try:
        identity = await context.chosen_provider().finish(context.callback, flow, answer)
        account_id = UUID(identity.subject)
    except (SignInFailed, ValueError) as error:
        log.warning("sign-in failed", why=str(error))
        return _message(request, context, "refused", "refused_text", 400, used)
    except Unavailable:
        return _message(request, context, "refused", "unavailable_text", 503, used)
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
        return _message(request, context, "no_access", "no_access_text", 403, used)
    sealed = seal_choice(context.secret_box, TenantChoice(account_id, identity.auth_time, flow.next))
    return _to(
        "/auth/choose", used, context.cookies.make(context.cookies.choice, sealed, seconds=FLOW_SECONDS)
    )


@get("/choose")
async def choose(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """The companies of somebody who has signed in and has several."""
    choice = open_choice(context.secret_box, request.cookies.get(context.cookies.choice, ""))
    if choice is None:
        return _to("/auth/login")
    frame = context.issuer.frame(request)
    found = await members.memberships(choice.account_id)
    form = choice_form("/auth/choose", "tenant", [(str(one.tenant_id), one.tenant) for one in found])
    title, text = say("choose", frame.language), say("choose_text", frame.language)
    return _html(message_page(frame, title, text, form=form), 200)


@post("/choose")
async def chosen(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    choice = open_choice(context.secret_box, request.cookies.get(context.cookies.choice, ""))
    if choice is None:
        return _to("/auth/login")
    wanted = str((await request.form()).get("tenant", ""))
    found = await members.memberships(choice.account_id)
    one = next((one for one in found if str(one.tenant_id) == wanted), None)
    if one is None:
        return _to("/auth/choose")
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    return await _enter(context, one, choice, actor, context.cookies.drop(context.cookies.choice))


@post("/switch")
async def switch(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """Another portal (`portal`) or another company (`tenant`); the session's identifier changes."""
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    if actor is None:
        return _to("/auth/login")
    form = await request.form()
    portal, tenant = str(form.get("portal", "")), str(form.get("tenant", ""))
    try:
        if portal in set(Portal):
            opened = await sessions.switch_portal(actor, Portal(portal))
        else:
            opened = await sessions.switch_tenant(actor, UUID(tenant))
    except (AppError, ValueError):
        return _to("/")
    return _to("/", _session_cookie(context, opened))


@post("/language")
async def language(request: AnyRequest, context: NamedDependency[SignInContext]) -> Response[str]:
    """The language of the portal, for this member from now on."""
    form = await request.form()
    actor = await sessions.load_session(request.cookies.get(context.cookies.session, ""))
    if actor and (wanted := str(form.get("language", ""))) in LANGUAGES:
        await sessions.set_language(actor, wanted)
    return _to(safe_return_path(str(form.get("next", "/"))))


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
        return _to("/auth/login", *ended)
    try:
        back = await provider.sign_out_address(f"{context.settings.public_url}/")
    except Unavailable:
        back = None
    return _to(back or "/auth/login", *ended)


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
    return _to(choice.next, *cookies, _session_cookie(context, opened))


def _session_cookie(context: SignInContext, opened: OpenedSession) -> Cookie:
    return context.cookies.make(context.cookies.session, opened.token)


def _to(address: str, *cookies: Cookie) -> Response[str]:
    response: Response[str] = Response(
        "", status_code=303, headers={**HEADERS, "location": address}, media_type="text/plain"
    )
    return _with_cookies(response, *cookies)


def _html(content: str, status: int, *cookies: Cookie) -> Response[str]:
    response: Response[str] = Response(
        content, status_code=status, headers=dict(HEADERS), media_type="text/html; charset=utf-8"
    )
    return _with_cookies(response, *cookies)


def _with_cookies(response: Response[str], *cookies: Cookie) -> Response[str]:
    for cookie in cookies:
        response.set_cookie(cookie)
    return response


def _message(
    request: AnyRequest, context: SignInContext, title: str, text: str, status: int, *cookies: Cookie
) -> Response[str]:
    frame = context.issuer.frame(request)
    support = f"{context.settings.operator.support_email}, {context.settings.operator.support_phone}"
    words = say(text, frame.language, support=support)
    action = ("/auth/login?" + urlencode({"language": frame.language}), say("sign_in", frame.language))
    return _html(message_page(frame, say(title, frame.language), words, action=action), status, *cookies)


def identity_routers(settings: Settings, stylesheets: Sequence[str] = ()) -> list[Router]:
    """Everything under /id and /auth. `stylesheets` are addresses of our own origin."""
    issuer = Issuer(settings, stylesheets, on_lock_out=members.record_lock_out)
    return [issuer_router(issuer), auth_router(SignInContext(settings, issuer))]


def auth_router(context: SignInContext) -> Router:
    """The sign-in routes for one issuer and provider."""
    return Router(
        "/auth",
        route_handlers=[login, callback, choose, chosen, switch, language, logout],
        dependencies={"context": Provide(lambda: context, sync_to_thread=False)},
        include_in_schema=False,
    )
