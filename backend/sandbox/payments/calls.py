"""What each call of the API does, and pages of objects."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from backend.sandbox.payments import charges, intents, methods, sessions
from backend.sandbox.payments.documents import StripeDocument, StripeError, bad_parameter, public
from backend.sandbox.payments.parameters import checked
from backend.sandbox.payments.payments import PaymentsSandbox

MOST_A_PAGE = 100
A_PAGE = 10
RESOURCES: Mapping[str, str] = {
    "balance_transactions": "balance_transaction",
    "charges": "charge",
    "checkout/sessions": "checkout.session",
    "customers": "customer",
    "disputes": "dispute",
    "events": "event",
    "mandates": "mandate",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "refunds": "refund",
    "setup_intents": "setup_intent",
}
COMPARISONS: Mapping[str, Callable[[int, int], bool]] = {
    "gt": lambda made, limit: made > limit,
    "gte": lambda made, limit: made >= limit,
    "lt": lambda made, limit: made < limit,
    "lte": lambda made, limit: made <= limit,
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call: its path below /v1 in parts, its parameters, and where people reach the sandbox."""

    method: str
    parts: tuple[str, ...]
    asked: StripeDocument
    base: str


def answer(sandbox: PaymentsSandbox, call: Call) -> StripeDocument:
    """Carry a call out. Raises StripeError for one that is not known, or is refused."""
    asked = dict(call.asked)
    expansions = asked.pop("expand", [])
    resource = "/".join(call.parts[:2]) if call.parts[0] == "checkout" else call.parts[0]
    kind = RESOURCES.get(resource)
    rest = call.parts[len(resource.split("/")) :]
    if kind is None:
        raise _unknown(call)
    if call.method == "GET" and not rest:
        return _page(sandbox, kind, f"/v1/{resource}", checked(kind, "list", asked), expansions)
    if call.method == "GET" and len(rest) == 1:
        return _expanded(sandbox, sandbox.book.find(kind, rest[0]), expansions)
    if call.method == "GET" and kind == "checkout.session" and rest[1:] == ("line_items",):
        lines = sandbox.book.find(kind, rest[0]).get("_lines", [])
        return {
            "object": "list",
            "url": f"/v1/{resource}/{rest[0]}/line_items",
            "has_more": False,
            "data": lines,
        }
    verb = "create" if not rest else "modify" if len(rest) == 1 else rest[1]
    do = ACTIONS.get((kind, verb))
    if call.method != "POST" or do is None or len(rest) > 2:
        raise _unknown(call)
    found = sandbox.book.find(kind, rest[0]) if rest else {}
    document = do(sandbox, found, checked(kind, verb, asked), call.base)
    sandbox.book.save(document)
    return _expanded(sandbox, document, expansions)


def _unknown(call: Call) -> StripeError:
    path = "/".join(call.parts)[:200]
    return StripeError(
        404, "invalid_request_error", f"Unrecognized request URL ({call.method}: /v1/{path}).", kept=False
    )


def _create_customer(
    sandbox: PaymentsSandbox, _: StripeDocument, asked: StripeDocument, __: str
) -> StripeDocument:
    made = sandbox.book.add("customer", **({"metadata": {}} | asked))
    sandbox.emit("customer.created", made)
    return made


def _modify_customer(
    sandbox: PaymentsSandbox, found: StripeDocument, asked: StripeDocument, _: str
) -> StripeDocument:
    found |= asked | {"metadata": found["metadata"] | asked.get("metadata", {})}
    sandbox.emit("customer.updated", found, {})
    return found


def _create_session(
    sandbox: PaymentsSandbox, _: StripeDocument, asked: StripeDocument, base: str
) -> StripeDocument:
    return sessions.create(sandbox, asked, base)


def _expire_session(
    sandbox: PaymentsSandbox, found: StripeDocument, _: StripeDocument, __: str
) -> StripeDocument:
    sessions.expire(sandbox, sessions.open_session(sandbox, found["id"]))
    return found


def _create_intent(
    sandbox: PaymentsSandbox, _: StripeDocument, asked: StripeDocument, __: str
) -> StripeDocument:
    return intents.create(sandbox, asked)


def _confirm_intent(
    sandbox: PaymentsSandbox, found: StripeDocument, asked: StripeDocument, _: str
) -> StripeDocument:
    if method := asked.get("payment_method"):
        if sandbox.book.find("payment_method", method, "payment_method")["customer"] != found["customer"]:
            raise bad_parameter("The PaymentMethod does not belong to the customer.", "payment_method")
        found["payment_method"] = method
    off_session = bool(asked.get("off_session"))
    intents.confirm(sandbox, found, mandate=asked.get("mandate"), off_session=off_session)
    return found


def _cancel_intent(
    sandbox: PaymentsSandbox, found: StripeDocument, asked: StripeDocument, _: str
) -> StripeDocument:
    intents.cancel(sandbox, found, asked.get("cancellation_reason"))
    return found


def _detach(sandbox: PaymentsSandbox, found: StripeDocument, _: StripeDocument, __: str) -> StripeDocument:
    return methods.detach(sandbox, found)


def _refund(sandbox: PaymentsSandbox, _: StripeDocument, asked: StripeDocument, __: str) -> StripeDocument:
    return charges.refund(sandbox, asked)


Action = Callable[[PaymentsSandbox, StripeDocument, StripeDocument, str], StripeDocument]
ACTIONS: Mapping[tuple[str, str], Action] = {
    ("customer", "create"): _create_customer,
    ("customer", "modify"): _modify_customer,
    ("checkout.session", "create"): _create_session,
    ("checkout.session", "expire"): _expire_session,
    ("payment_intent", "create"): _create_intent,
    ("payment_intent", "confirm"): _confirm_intent,
    ("payment_intent", "cancel"): _cancel_intent,
    ("payment_method", "detach"): _detach,
    ("refund", "create"): _refund,
}


def _expanded(sandbox: PaymentsSandbox, document: StripeDocument, paths: list[str]) -> StripeDocument:
    """A copy in which the ids that `paths` name are the objects themselves, as deep as `a.b` says."""
    shown = public(document)
    for path in paths[:20]:
        head, _, rest = str(path).partition(".")
        inner = sandbox.book.anywhere(shown[head]) if isinstance(shown.get(head), str) else None
        if inner:
            shown[head] = _expanded(sandbox, inner, [rest] if rest else [])
    return shown


def _page(
    sandbox: PaymentsSandbox, kind: str, url: str, asked: StripeDocument, expansions: list[str]
) -> StripeDocument:
    """Objects of a kind, the newest first: those after or before one of them, as many as asked."""
    limit = asked.get("limit", A_PAGE)
    if not 1 <= limit <= MOST_A_PAGE:
        raise bad_parameter("The limit is from 1 to 100.", "limit", "parameter_invalid_integer")
    known = sandbox.book.of(kind)
    for name in ("starting_after", "ending_before"):
        if name in asked:
            sandbox.book.find(kind, asked[name], name)
    found = [known[key] for key in reversed(known)]
    keys = list(reversed(known))
    if "starting_after" in asked:
        found = found[keys.index(asked["starting_after"]) + 1 :]
    elif "ending_before" in asked:
        found = found[: keys.index(asked["ending_before"])]
    fitting = [document for document in found if _fits(document, asked)]
    page = fitting[-limit:] if "ending_before" in asked else fitting[:limit]
    inner = [path.removeprefix("data.") for path in expansions]
    data = [_expanded(sandbox, document, inner) for document in page]
    return {"object": "list", "url": url, "has_more": len(fitting) > limit, "data": data}


def _fits(document: StripeDocument, asked: StripeDocument) -> bool:
    created: Any = asked.get("created")
    if isinstance(created, int) and document["created"] != created:
        return False
    if isinstance(created, dict) and not all(
        COMPARISONS[name](document["created"], limit)
        for name, limit in created.items()
        if name in COMPARISONS
    ):
        return False
    if "types" in asked and document["type"] not in asked["types"]:
        return False
    plain = ("charge", "customer", "email", "payment_intent", "payment_method", "source", "status", "type")
    return all(document.get(name) == asked[name] for name in plain if name in asked)
