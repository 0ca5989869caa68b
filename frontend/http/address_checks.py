"""Addresses that are refused before anything reads them: too long, with a NUL, of another socket than our pages'."""

from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from backend.core.i18n import choose_language
from backend.web.problems import PROBLEM_JSON, Problem
from backend.web.response_headers import SendHttp
from frontend.http.shell import COMPONENT, SOCKET
from frontend.i18n import translatable, translator_for
from frontend.page_address import LONGEST_ADDRESS, UNREADABLE_WORDS, AddressProblem

AsgiScope = MutableMapping[str, Any]

# Of the query with which a page opens its socket: its path and query, the tag, and a mark
SOCKET_FIELDS = 8
ADDRESS_TOO_LONG = translatable("This address is too long.")
# Where refusals are problem documents, or the carrier's
PROBLEM_PATHS = ("/api/", "/tmf-api/")
ADDRESS_ANSWERS = {
    AddressProblem.TOO_LONG: (414, ADDRESS_TOO_LONG),
    AddressProblem.UNREADABLE: (400, UNREADABLE_WORDS),
}


def http_address_problem(scope: AsgiScope) -> AddressProblem | None:
    """Why a request's address is refused whatever it names; None for what may be read."""
    if scope["type"] != "http":
        return None
    path, query = scope["path"], scope.get("query_string", b"").decode("latin-1")
    if len(scope.get("raw_path") or path) + len(query) > LONGEST_ADDRESS:
        return AddressProblem.TOO_LONG
    if path.startswith(PROBLEM_PATHS):
        # Refused there, as a problem document
        return None
    return AddressProblem.UNREADABLE if "\0" in path or "%00" in query else None


async def refuse_address(scope: AsgiScope, send: SendHttp, problem: AddressProblem) -> None:
    """Answer that nothing is read at such an address: in words, or as a problem document."""
    status, words = ADDRESS_ANSWERS[problem]
    if scope["path"].startswith(PROBLEM_PATHS):
        kind = PROBLEM_JSON
        title = HTTPStatus(status).phrase
        body = msgspec.json.encode(Problem(title=title, status=status, detail=words, code=problem))
    else:
        accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        kind, body = "text/plain; charset=utf-8", translator_for(choose_language(accepted))(words).encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def socket_query(scope: AsgiScope) -> dict[str, str] | None:
    """What a page says of itself when it opens its socket; None for another component, or what cannot be read."""
    if scope["path"] != f"{SOCKET}{COMPONENT}/":
        return None
    try:
        asked = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=SOCKET_FIELDS)
    except ValueError:
        return None
    return {name: values[0] for name, values in asked.items()}
