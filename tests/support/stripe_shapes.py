"""What the installed Stripe SDK says of its objects: their fields, and whether a document fits them.

`python -m tests.support.stripe_shapes` writes the empty documents of the payments sandbox anew from the SDK's types.
"""

import json
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

import stripe
from stripe import StripeObject

FILE = Path(__file__).parents[2] / "backend/sandbox/payments/shapes.json"
KINDS: Mapping[str, type[StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "mandate": stripe.Mandate,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    # Parts of the above
    "charge.bancontact": stripe.Charge.PaymentMethodDetails.Bancontact,
    "charge.card": stripe.Charge.PaymentMethodDetails.Card,
    "charge.outcome": stripe.Charge.Outcome,
    "charge.sepa_debit": stripe.Charge.PaymentMethodDetails.SepaDebit,
    "last_payment_error": stripe.PaymentIntent.LastPaymentError,
    "line_item": stripe.LineItem,
    "payment_method.bancontact": stripe.PaymentMethod.Bancontact,
    "payment_method.card": stripe.PaymentMethod.Card,
    "payment_method.sepa_debit": stripe.PaymentMethod.SepaDebit,
}
NOTHING = type(None)
_FIELDS: dict[type[StripeObject], Mapping[str, Any]] = {}
PLAIN: Mapping[object, object] = {str: "", int: 0, bool: False, float: 0.0}


def fields(shape: type[StripeObject]) -> Mapping[str, Any]:
    """The fields of one object as they are on the wire, each with its type."""
    if shape not in _FIELDS:
        _FIELDS[shape] = _read_fields(shape)
    return _FIELDS[shape]


def _read_fields(shape: type[StripeObject]) -> Mapping[str, Any]:
    names = vars(sys.modules[shape.__module__]) | vars(stripe) | {"stripe": stripe}
    found: dict[str, Any] = {}
    for parent in reversed(shape.__mro__):
        if not issubclass(parent, StripeObject) or parent is StripeObject:
            continue
        renamed: Mapping[str, str] = getattr(parent, "_field_remappings", {})
        for name, kind in vars(parent).get("__annotations__", {}).items():
            if get_origin(kind) is not ClassVar and not name.startswith("_") and name != "deleted":
                found[renamed.get(name, name)] = _resolved(kind, names)
    return found


def _resolved(kind: Any, names: dict[str, Any]) -> Any:
    if isinstance(kind, str):
        kind = typing.ForwardRef(kind)
    if isinstance(kind, typing.ForwardRef):
        try:
            return eval(kind.__forward_arg__, names)  # noqa: S307 - the SDK's own annotations
        except NameError:
            return Any
    origin = get_origin(kind)
    if origin is None or origin is Literal:
        return kind
    inner = tuple(_resolved(one, names) for one in get_args(kind))
    if origin in {Union, types.UnionType}:
        return Union[inner]  # noqa: UP007 - made from a tuple
    return list[inner[0]] if origin is list else kind  # type: ignore[valid-type]


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)


def _untyped(kind: Any) -> bool:
    return getattr(get_origin(kind) or kind, "__name__", "") == "UntypedStripeObject"


def _is_shape(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, StripeObject)


def blank(shape: type[StripeObject]) -> dict[str, Any]:
    """A document with every field: null where that is allowed, else empty."""
    return {name: _empty(kind) for name, kind in fields(shape).items()}


def _empty(kind: Any) -> Any:
    choices = _choices(kind)
    if NOTHING in choices:
        return None
    for choice in choices:
        if get_origin(choice) is Literal:
            return get_args(choice)[0]
    first = choices[0]
    if get_origin(first) is list:
        return []
    if get_origin(first) is dict or _untyped(first):
        return {}
    return blank(first) if _is_shape(first) else PLAIN.get(first)


def misfits(shape: type[StripeObject], document: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """What of a document the SDK's type does not know, misses or has otherwise; nothing where all is right."""
    known = fields(shape)
    for name in document.keys() - known.keys():
        yield f"{path}{name}: not in {shape.__qualname__}"
    for name, kind in known.items():
        if name in document:
            yield from _value_misfits(kind, document[name], f"{path}{name}")
        elif NOTHING not in _choices(kind):
            yield f"{path}{name}: missing"


def _value_misfits(kind: Any, value: Any, path: str) -> list[str]:
    choices = _choices(kind)
    if Any in choices or (value is None and NOTHING in choices):
        return []
    if isinstance(value, list):
        return _list_misfits(choices, value, path)
    if isinstance(value, dict):
        return _object_misfits(choices, value, path)
    return _plain_misfits(choices, value, path)


def _plain_misfits(choices: tuple[Any, ...], value: Any, path: str) -> list[str]:
    named = [word for one in choices if get_origin(one) is Literal for word in get_args(one)]
    if named and isinstance(value, str | int):
        return [] if value in named else [f"{path}: {value!r} is none of the SDK's words"]
    right = (
        (isinstance(value, str) and (str in choices or Decimal in choices))
        or any(type(value) is one for one in choices)
        or (float in choices and type(value) is int)
    )
    return [] if right else [f"{path}: {type(value).__name__}, not {choices}"]


def _list_misfits(choices: tuple[Any, ...], value: list[Any], path: str) -> list[str]:
    inner = next((get_args(one)[0] for one in choices if get_origin(one) is list), None)
    if inner is None:
        return [f"{path}: a list"]
    return [wrong for at, one in enumerate(value) for wrong in _value_misfits(inner, one, f"{path}[{at}]")]


def _object_misfits(choices: tuple[Any, ...], value: dict[str, Any], path: str) -> list[str]:
    if any(get_origin(one) is dict or _untyped(one) for one in choices):
        return []
    if any((get_origin(one) or one) is stripe.ListObject for one in choices):
        return []
    shapes = [one for one in choices if _is_shape(one)]
    if not shapes:
        return [f"{path}: an object"]
    return min((list(misfits(shape, value, f"{path}.")) for shape in shapes), key=len)


def blank_documents() -> str:
    """The content of the file of empty documents."""
    found = {name: blank(shape) for name, shape in sorted(KINDS.items())}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(blank_documents(), "utf-8")
