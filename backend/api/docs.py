"""The OpenAPI document and a page that reads it: our own, since the framework's load scripts from elsewhere."""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from litestar import Litestar, MediaType, Response, get

from backend.issuer.frame import HEADERS
from backend.web.html import Markup, document, element, joined
from backend.web.types import AnyRequest

TITLE = "Fleetline REST interface"


class KeptDocument(msgspec.Struct, frozen=True):
    """A document that is the same for everybody, as bytes, with the tag that names them."""

    body: bytes
    tag: str


@get("/api/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_json(request: AnyRequest) -> Response[bytes]:
    """The document that clients are generated from."""
    return _answer(request, MediaType.JSON, {}, lambda app: msgspec.json.encode(_schema(app)))


@get("/api/v1/docs", include_in_schema=False, sync_to_thread=False)
def documentation(request: AnyRequest) -> Response[bytes]:
    """The same document for people."""
    return _answer(request, MediaType.HTML, HEADERS, lambda app: _page(app).encode())


def _answer(
    request: AnyRequest, media_type: MediaType, headers: Mapping[str, str], make: Callable[[Litestar], bytes]
) -> Response[bytes]:
    """The document, made once in this process: making it takes 50 ms, and anybody may ask."""
    kept: KeptDocument | None = request.app.state.get(media_type)
    if kept is None:
        body = make(request.app)
        kept = KeptDocument(body, f'"{sha256(body).hexdigest()[:32]}"')
        request.app.state[media_type] = kept
    headers = {**headers, "cache-control": "no-cache", "etag": kept.tag}
    # A proxy that compresses weakens the tag
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
    if kept.tag in known:
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(kept.body, headers=headers, media_type=media_type)


def _schema(app: Litestar) -> dict[str, Any]:
    return app.openapi_schema.to_schema()


def _page(app: Litestar) -> Markup:
    schema = _schema(app)
    sheets = app.state.get("stylesheets", ())
    head = joined(
        element("title", {}, TITLE),
        *(element("link", {"rel": "stylesheet", "href": address}) for address in sheets),
    )
    operations = (
        _operation(method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    )
    about = element("div", {}, element("h1", {}, TITLE), element("p", {}, schema["info"]["description"]))
    body = element(
        "main",
        {"class": "page", "id": "main"},
        element("div", {"class": "page-header"}, about),
        element("div", {"class": "stack"}, _how_to_call(), *operations),
    )
    return document("en", head, body)


def _how_to_call() -> Markup:
    return element(
        "p",
        {"class": "notice"},
        "Send ",
        _code("Authorization: Bearer …"),
        " with a token from ",
        _code("fleetline token create"),
        ". Errors are problem details (RFC 9457). ",
        element("a", {"href": "/api/v1/openapi.json"}, "openapi.json"),
    )


def _code(words: str) -> Markup:
    return element("code", {"class": "code"}, words)


def _operation(method: str, path: str, operation: dict[str, Any]) -> Markup:
    parameters = [_parameter(one) for one in operation.get("parameters", ())]
    answers = ", ".join(
        f"{status} {answer.get('description', '')}" for status, answer in operation["responses"].items()
    )
    title = element("h2", {}, element("span", {"class": "code"}, f"{method.upper()} {path}"))
    return element(
        "section",
        {"class": "panel"},
        element("div", {"class": "panel-header"}, title),
        element(
            "div",
            {"class": "panel-body stack stack-tight"},
            element("p", {}, operation.get("summary", "")),
            element("dl", {"class": "key-values"}, *parameters) if parameters else None,
            element("p", {"class": "small muted"}, answers),
        ),
    )


def _parameter(one: dict[str, Any]) -> Markup:
    where = element("span", {"class": "muted"}, one["in"] + (", required" if one.get("required") else ""))
    return element(
        "div",
        {},
        element("dt", {"class": "code"}, one["name"]),
        element("dd", {}, one.get("description", ""), " ", where),
    )
