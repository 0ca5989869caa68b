"""The built-in OpenID provider under /id: discovery, keys, the sign-in page, tokens, user info, sign-out."""

from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from joserfc import jwt
from joserfc.errors import JoseError
from litestar import Response, Router, get, post, route
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException

from backend.core import clock
from backend.issuer import store
from backend.issuer.accounts import AccountHolder, PasswordCheck, check_password
from backend.issuer.clients import SCOPES
from backend.issuer.context import Issuer
from backend.issuer.devices import SECONDS as DEVICE_SECONDS
from backend.issuer.devices import open_device, seal_device
from backend.issuer.frame import HEADERS, PageFrame
from backend.issuer.keys import ALGORITHM
from backend.issuer.page import SignInForm, choice_form, message_page, sign_in_page, wait_words
from backend.issuer.protocol import (
    AuthorizationRequest,
    OAuthResponse,
    StoredCode,
    user_info,
)
from backend.issuer.texts import say
from backend.settings import Settings
from backend.web.client_address import client_address
from backend.web.forms import LARGEST_FORM, read_form, read_pairs
from backend.web.types import AnyRequest

# Digits; Python refuses to read numbers of thousands
LONGEST_MAX_AGE = 9


@get("/.well-known/openid-configuration")
async def discovery(issuer: NamedDependency[Issuer]) -> Response[dict[str, Any]]:
    at = issuer.settings.issuer
    metadata = {
        "issuer": at,
        "authorization_endpoint": f"{at}/authorize",
        "token_endpoint": f"{at}/token",
        "userinfo_endpoint": f"{at}/userinfo",
        "jwks_uri": f"{at}/jwks",
        "end_session_endpoint": f"{at}/end_session",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": ["fr", "nl", "de", "en"],
        "prompt_values_supported": ["none", "login"],
    }
    return Response(metadata, headers={"cache-control": "public, max-age=300"})


@get("/jwks")
async def published_keys(issuer: NamedDependency[Issuer]) -> Response[Any]:
    await issuer.keys.load()
    return Response(issuer.keys.published.as_dict(private=False), headers={"cache-control": "no-cache"})


@route("/authorize", http_method=["GET", "POST"])
async def authorize(request: AnyRequest, issuer: NamedDependency[Issuer]) -> Response[Any]:
    """Check the request, then the person: by the session of this browser, or by the form."""
    query = dict(request.query_params.items())
    asked = AuthorizationRequest("GET", {}, request.query_params.multi_items())
    person = await store.session_person(request.cookies.get(issuer.cookies.issuer, ""))
    posted = request.method == "POST"
    try:
        grant = issuer.server.get_consent_grant(asked, end_user=person)
    except OAuth2Error as error:
        return _send(issuer, issuer.server.handle_error_response(asked, error))
    prompt = getattr(grant, "prompt", None)
    if not posted and person and prompt != "login" and not _too_old(person, query.get("max_age", "")):
        return await _grant(issuer, asked, grant, person)
    if query.get("prompt") == "none":
        return _redirect_error(issuer, asked, "login_required")
    frame = issuer.frame(request)
    if not posted:
        hint = query.get("login_hint", "") or (person.email if person else "")
        return _html(sign_in_page(frame, SignInForm(query, hint, again=person is not None)))
    return await _try(request, issuer, asked, grant, SignInForm(query, again=person is not None))


async def _try(
    request: AnyRequest, issuer: Issuer, asked: AuthorizationRequest, grant: Any, form: SignInForm
) -> Response[Any]:
    """The form was sent: sign in, or show it again with what is wrong."""
    frame = issuer.frame(request)
    given = await read_form(request)
    login, password = given.get("login", ""), given.get("password", "")
    missing = {
        "login_error": "" if login.strip() else say("login_missing", frame.language),
        "password_error": "" if password else say("password_missing", frame.language),
    }
    if any(missing.values()):
        return _html(sign_in_page(frame, SignInForm(form.query, login, form.again, **missing)), 422)
    device = open_device(issuer.secret_box, request.cookies.get(issuer.cookies.device, ""))
    answer = await check_password(login, password, _address(request, issuer.settings), device)
    if answer.person is None:
        return _refuse(issuer, frame, SignInForm(form.query, login, form.again), answer)
    token = await store.begin_session(answer.person, request.cookies.get(issuer.cookies.issuer, ""))
    response = await _grant(issuer, asked, grant, answer.person)
    response.set_cookie(issuer.cookies.make(issuer.cookies.issuer, token))
    known = seal_device(issuer.secret_box, device.after_sign_in(answer.person.id))
    response.set_cookie(issuer.cookies.make(issuer.cookies.device, known, seconds=DEVICE_SECONDS))
    return response


def _refuse(issuer: Issuer, frame: PageFrame, form: SignInForm, answer: PasswordCheck) -> Response[Any]:
    """The same words and status whether the account exists or not; what is recorded comes after the answer."""
    words = wait_words(answer.wait, frame.language) if answer.wait else say("wrong", frame.language)
    content = sign_in_page(frame, SignInForm(form.query, form.login, form.again, login_error=words))
    response = _html(content, 429 if answer.wait else 401)
    if answer.locked_account:
        response.background = BackgroundTask(issuer.on_lock_out, answer.locked_account)
    return response


async def _grant(
    issuer: Issuer, asked: AuthorizationRequest, grant: Any, person: AccountHolder
) -> Response[Any]:
    reply = issuer.server.create_authorization_response(asked, grant_user=person, grant=grant)
    if asked.code_to_keep:
        code, person, data = asked.code_to_keep
        await store.store_code(code, person.id, data)
    return _send(issuer, reply)


@post("/token")
async def token(request: AnyRequest, issuer: NamedDependency[Issuer]) -> Response[Any]:
    pairs = await read_pairs(request)
    await issuer.keys.load()
    asked = AuthorizationRequest(
        "POST", {key.title(): value for key, value in request.headers.items()}, pairs
    )
    if found := await store.consume_code(asked.form.get("code", "")):
        asked.consumed = (found[0], StoredCode(found[1]))
    reply = issuer.server.create_token_response(asked)
    if asked.token_to_keep:
        access_token, person, data = asked.token_to_keep
        await store.store_token(access_token, person.id, data, code=asked.form.get("code", ""))
    headers = {key.lower(): value for key, value in reply.headers.items()} | {"cache-control": "no-store"}
    return Response(reply.body, status_code=reply.status, headers=headers, media_type="application/json")


@get("/userinfo")
async def userinfo(request: AnyRequest) -> Response[Any]:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    found = await store.token_person(bearer.strip()) if scheme.lower() == "bearer" else None
    if not found:
        headers = {"www-authenticate": 'Bearer error="invalid_token"', "cache-control": "no-store"}
        return Response({"error": "invalid_token"}, status_code=401, headers=headers)
    return Response(user_info(*found), headers={"cache-control": "no-store"})


@route("/end_session", http_method=["GET", "POST"])
async def end_session(request: AnyRequest, issuer: NamedDependency[Issuer]) -> Response[Any]:
    """Sign out at once for a client that shows its token; otherwise ask first, as any page can lead here."""
    frame = issuer.frame(request)
    cookie = request.cookies.get(issuer.cookies.issuer, "")
    person = await store.session_person(cookie)
    hinted = await _hinted(issuer, request.query_params.get("id_token_hint", ""))
    if person and request.method == "GET" and (hinted is None or hinted[0] != str(person.id)):
        form = choice_form(
            f"/id/end_session?{request.url.query}", "sign_out", [("1", say("sign_out", frame.language))]
        )
        return _html(
            message_page(
                frame, say("sign_out", frame.language), say("sign_out_text", frame.language), form=form
            )
        )
    await store.end_session(cookie)
    response = _after_sign_out(request, issuer, frame, hinted[1] if hinted else "")
    response.set_cookie(issuer.cookies.drop(issuer.cookies.issuer))
    return response


def _after_sign_out(
    request: AnyRequest, issuer: Issuer, frame: PageFrame, hinted_client: str
) -> Response[Any]:
    client = issuer.server.query_client(request.query_params.get("client_id", hinted_client))
    back = request.query_params.get("post_logout_redirect_uri", "")
    if client and back in client.logout_uris:
        state = request.query_params.get("state", "")
        location = back + ("?" + urlencode({"state": state}) if state else "")
        return Response(
            "", status_code=303, headers={**HEADERS, "location": location}, media_type="text/plain"
        )
    action = ("/", say("sign_in", frame.language))
    return _html(message_page(frame, say("signed_out", frame.language), "", action=action))


async def _hinted(issuer: Issuer, id_token: str) -> tuple[str, str] | None:
    """Subject and client of one of our own tokens, expired or not."""
    if not id_token:
        return None
    await issuer.keys.load()
    try:
        claims = jwt.decode(id_token, issuer.keys.published, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        return None
    return (
        (str(claims.get("sub")), str(claims.get("aud")))
        if claims.get("iss") == issuer.settings.issuer
        else None
    )


def _too_old(person: AccountHolder, max_age: str) -> bool:
    """Whether the sign-in is older than the client accepts (OpenID Connect Core 3.1.2.1)."""
    if not (max_age.isascii() and max_age.isdecimal()) or person.auth_time is None:
        return False
    # More than 30 years
    if len(max_age) > LONGEST_MAX_AGE:
        return False
    return (clock.now() - person.auth_time).total_seconds() > int(max_age)


def _address(request: AnyRequest, settings: Settings) -> str:
    peer = request.client.host if request.client else ""
    return client_address(peer, request.headers.get("x-forwarded-for", ""), settings.trusted_proxies)


def _redirect_error(issuer: Issuer, asked: AuthorizationRequest, error: str) -> Response[Any]:
    data = asked.payload.data
    back = {"error": error, **({"state": data["state"]} if "state" in data else {})}
    location = f"{data['redirect_uri']}{'&' if '?' in data['redirect_uri'] else '?'}{urlencode(back)}"
    return _send(issuer, OAuthResponse(302, None, {"Location": location}))


def _send(issuer: Issuer, reply: OAuthResponse) -> Response[Any]:
    """An answer of the protocol; whatever goes back to a client names who answers (RFC 9207)."""
    headers = {key.lower(): value for key, value in reply.headers.items()} | dict(HEADERS)
    if location := headers.get("location"):
        headers["location"] = (
            f"{location}{'&' if '?' in location else '?'}{urlencode({'iss': issuer.settings.issuer})}"
        )
        return Response("", status_code=reply.status, headers=headers, media_type="text/plain")
    return Response(reply.body, status_code=reply.status, headers=headers, media_type="application/json")


def _html(content: str, status: int = 200) -> Response[Any]:
    return Response(content, status_code=status, headers=dict(HEADERS), media_type="text/html; charset=utf-8")


def issuer_router(issuer: Issuer) -> Router:
    """The routes of this issuer, for the product's application."""

    def on_unreadable(request: AnyRequest, error: HTTPException) -> Response[Any]:
        if request.url.path == "/id/token":
            # RFC 6749, 5.2
            headers = {"cache-control": "no-store"}
            return Response({"error": "invalid_request"}, status_code=error.status_code, headers=headers)
        frame = issuer.frame(request)
        words = (say("unreadable", frame.language), say("unreadable_text", frame.language))
        return _html(message_page(frame, *words), error.status_code)

    return Router(
        "/id",
        route_handlers=[discovery, published_keys, authorize, token, userinfo, end_session],
        dependencies={"issuer": Provide(lambda: issuer, sync_to_thread=False)},
        request_max_body_size=LARGEST_FORM,
        exception_handlers={HTTPException: on_unreadable},
        include_in_schema=False,
    )
