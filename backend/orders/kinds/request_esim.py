"""Give a line an eSIM (F-115, F-119 to F-123): the carrier assigns its number, the user gets the code by mail. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.catalog.pricing import monthly_cost
from backend.core.addresses import email_valid
from backend.core.errors import ValidationFailed
from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    ServiceOrderItem,
    Texts,
)
from backend.orders.kinds.new_line import USER_ACTS_ON
from backend.orders.kinds.replace_sim import LEAVING, check_reason, gone, user_told
from backend.orders.schemas import OrderRequest, SummaryRow


class RequestEsim(OrderRequest, frozen=True, kw_only=True, tag="request_esim"):
    """Give one line an eSIM. The code goes to `email` in `language`; `qr_copy`: to the requester as well."""

    email: str = ""
    language: str = ""
    qr_copy: bool = False
    reason: str = ""


class EsimChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form starts from."""

    # SIM number
    present: str
    email: str
    language: str
    # The user has to agree first
    confirmation: bool


def _check(context: QuoteContext, request: RequestEsim) -> None:
    wrong = check_reason(context, request.reason)
    if not email_valid(request.email):
        wrong["email"] = context.texts.text("bad_email")
    if request.language not in LANGUAGES:
        wrong["language"] = context.texts.text("bad_language")
    if wrong:
        raise ValidationFailed(**wrong)


def _quote_line(context: QuoteContext, request: RequestEsim, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := REQUEST_ESIM.unavailable_reason(line):
        return item.skip(why)
    item.change = {
        "before": line.sim_number,
        "reason": request.reason,
        "email": request.email,
        "language": request.language,
        "qr_copy": request.qr_copy,
    }
    return item


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    old = texts.sim(change["before"]) or texts.text("no_sim")
    return [texts.text("old_sim", sim=old), texts.text("code_to", email=change["email"])]


def _outcome_texts(texts: Texts, _change: Mapping[str, Any], reported: Mapping[str, Any]) -> list[str]:
    lines = []
    if reported.get("simNumber"):
        lines.append(texts.text("new_esim", sim=texts.sim(str(reported["simNumber"]))))
    state = f"esim_{reported.get('esimState', '')}"
    return [*lines, texts.text(state)] if texts.has(state) else lines


def _summary(texts: Texts, request: RequestEsim) -> list[SummaryRow]:
    return [
        SummaryRow(name=texts.text("reason"), value=[texts.text(f"reason_{request.reason}")]),
        SummaryRow(name=texts.text("email"), value=[request.email]),
        SummaryRow(name=texts.text("language"), value=[LANGUAGE_NAMES[request.language]]),
        SummaryRow(name=texts.text("copy"), value=[texts.text("copy_yes" if request.qr_copy else "copy_no")]),
    ]


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    return [texts.text("suspend_first")] if gone(items) else []


def _information(texts: Texts, context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    lines = [texts.text("old_works"), *user_told(texts, items)]
    return [*lines, texts.text("must_agree")] if context.profile.esim_confirmation else lines


REQUEST_ESIM = OrderKind(
    request=RequestEsim,
    quote_line=_quote_line,
    describe=_describe,
    outcome_texts=_outcome_texts,
    summary=_summary,
    check=_check,
    to_carrier=lambda change: ServiceOrderItem("requestEsim", characteristics={"reason": change["reason"]}),
    confirmed_columns=lambda line, _change, reported: {
        "sim_number": reported.get("simNumber") or line.sim_number,
        "sim_kind": "esim",
    },
    warnings=_warnings,
    information=_information,
    must_confirm=lambda texts, _context, _items: texts.text("device"),
    timeline_params=lambda change: {"reason": str(change.get("reason", ""))},
    excludes=frozenset({"replace_sim", "change_user"}) | LEAVING,
    bulk=False,
    needs_recent_sign_in=True,
    # After the code expired or its download failed
    amend=lambda _context, change, _fields: (dict(change), {"goOn": "true"}),
    correctable=frozenset({"*"}),
    user_acts_on=USER_ACTS_ON,
)
