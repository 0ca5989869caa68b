"""The OpenAPI document and a page that reads it: our own, since the framework's load scripts from elsewhere."""

from html import escape
from typing import Any

from litestar import MediaType, Request, Response, get

from backend.issuer.page import HEADERS


@get("/api/v1/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi_json(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """The document that clients are generated from."""
    return Response(request.app.openapi_schema.to_schema(), headers={"cache-control": "no-cache"})


@get("/api/v1/docs", include_in_schema=False, sync_to_thread=False)
def documentation(request: Request[Any, Any, Any]) -> Response[str]:
    """The same document for people."""
    schema = request.app.openapi_schema.to_schema()
    links = "".join(
        f'<link rel="stylesheet" href="{escape(address)}">'
        for address in request.app.state.get("stylesheets", ())
    )
    operations = "".join(
        _operation(method, path, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "patch", "delete"}
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Fleetline REST interface</title>'
        f'{links}</head><body><main class="page" id="main"><div class="page-header"><div><h1>Fleetline REST interface'
        f"</h1><p>{escape(schema['info']['description'])}</p></div></div>"
        '<div class="stack"><p class="notice">Send <code class="code">Authorization: Bearer …</code> with a token from '
        '<code class="code">fleetline token create</code>. Errors are problem details (RFC 9457). '
        '<a href="/api/v1/openapi.json">openapi.json</a></p>'
        f"{operations}</div></main></body></html>"
    )
    return Response(html, media_type=MediaType.HTML, headers=dict(HEADERS))


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f'<div><dt class="code">{escape(one["name"])}</dt><dd>{escape(one.get("description", ""))}'
        f' <span class="muted">{escape(one["in"])}{", required" if one.get("required") else ""}</span></dd></div>'
        for one in operation.get("parameters", ())
    )
    answers = ", ".join(
        f"{escape(status)} {escape(answer.get('description', ''))}"
        for status, answer in operation["responses"].items()
    )
    listed = f'<dl class="key-values">{parameters}</dl>' if parameters else ""
    return (
        f'<section class="panel"><div class="panel-header"><h2><span class="code">{method.upper()} {escape(path)}</span>'
        f'</h2></div><div class="panel-body stack stack-tight"><p>{escape(operation.get("summary", ""))}</p>{listed}'
        f'<p class="small muted">{answers}</p></div></section>'
    )
