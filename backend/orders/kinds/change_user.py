"""Change who uses a line (F-042, F-052): a label of the customer; the company stays the contract holder. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalog.pricing import monthly_cost
from backend.core.addresses import email_valid
from backend.core.errors import ValidationFailed
from backend.core.i18n import LANGUAGE_NAMES, LANGUAGES
from backend.lines.lifecycle import IN_FLEET
from backend.lines.schemas import LockedLine
from backend.orders.kinds.base import (
    LineSnapshot,
    OrderKind,
    QuoteContext,
    QuoteItem,
    Texts,
    no_promise,
)
from backend.orders.lifecycle import ItemState
from backend.orders.schemas import OrderRequest, SummaryRow

LONGEST = 80
# Orders that may send the code of an eSIM to the present user: the line is not handed over while one is open
ON_THE_WAY = frozenset({"request_esim", "add_line", "port_in"})


class ChangeUser(OrderRequest, frozen=True, kw_only=True, tag="change_user"):
    """Correct the user of one line, or hand it to another person. A hand-over ends shared billing: it is personal."""

    given_name: str = ""
    family_name: str = ""
    email: str = ""
    language: str = ""
    another_person: bool = False


def name_valid(text: str) -> bool:
    """Whether the text may be a name: of 1 to 80 printable characters, without spaces around it."""
    return 0 < len(text) <= LONGEST and text.isprintable() and text == text.strip()


def _check(context: QuoteContext, request: ChangeUser) -> None:
    say, wrong = context.texts.text, dict[str, str]()
    for name in ("given_name", "family_name"):
        if not name_valid(getattr(request, name)):
            wrong[name] = say(f"bad_{name}")
    if request.email and not email_valid(request.email):
        wrong["email"] = say("bad_email")
    if request.language not in LANGUAGES:
        wrong["language"] = say("bad_language")
    if wrong:
        raise ValidationFailed(**wrong)


def full_name(family: str, given: str) -> str:
    """As lists sort it: "Surname, First name"."""
    return ", ".join(part for part in (family, given) if part)


def _quote_line(context: QuoteContext, request: ChangeUser, line: LineSnapshot) -> QuoteItem:
    cost = monthly_cost(context.profile, line.plan, line.options)
    item = QuoteItem(line, monthly_before=cost, monthly_after=cost)
    if why := CHANGE_USER.unavailable_reason(line):
        return item.skip(why)
    if request.another_person and ON_THE_WAY & set(line.open_kinds):
        return item.skip("open_order")
    if not request.another_person and line.id in (context.loaded or ()):
        return item.skip("person_elsewhere")
    wanted = {name: getattr(request, name) for name in ("given_name", "family_name", "email", "language")}
    if not request.another_person and all(getattr(line, name) == value for name, value in wanted.items()):
        return item.skip("nothing_to_change")
    item.change = {
        **wanted,
        "another_person": request.another_person,
        "before": line.name,
        "email_before": line.email,
        "language_before": line.language,
    }
    if request.another_person and line.split_profile:
        item.change["ends_split"] = True
    return item


def _confirmed_columns(
    _line: LockedLine, change: Mapping[str, Any], _reported: Mapping[str, Any]
) -> dict[str, Any]:
    columns: dict[str, Any] = {"name": full_name(change["family_name"], change["given_name"])}
    if change.get("ends_split"):
        columns["split_profile"] = ""
    return columns


def _describe(texts: Texts, change: Mapping[str, Any]) -> list[str]:
    name = full_name(change["family_name"], change["given_name"])
    moved = [
        ("to", change["before"], name),
        ("email_to", change.get("email_before", change["email"]), change["email"]),
        (
            "language_to",
            _language(change.get("language_before", change["language"])),
            _language(change["language"]),
        ),
    ]
    lines = [
        texts.text(key, before=before or "–", after=after or "–")
        for key, before, after in moved
        if before != after or (key == "to" and change["another_person"])
    ]
    return [*lines, texts.text("split_ends")] if change.get("ends_split") else lines


def _language(code: str) -> str:
    return LANGUAGE_NAMES.get(code, code)


def _summary(texts: Texts, request: ChangeUser) -> list[SummaryRow]:
    facts = [
        SummaryRow(name=texts.text("user"), value=[f"{request.given_name} {request.family_name}".strip()])
    ]
    if request.email:
        facts.append(SummaryRow(name=texts.text("email"), value=[request.email]))
    if request.language:
        facts.append(SummaryRow(name=texts.text("language"), value=[_language(request.language)]))
    which = "another" if request.another_person else "corrected"
    facts.append(SummaryRow(name=texts.text("person"), value=[texts.text(which)]))
    return facts


def _warnings(texts: Texts, _context: QuoteContext, items: Sequence[QuoteItem]) -> list[str]:
    ends = any(item.change.get("ends_split") for item in items if item.state is ItemState.WAITING)
    return [texts.text("split_ends")] if ends else []


def _timeline_params(change: Mapping[str, Any]) -> dict[str, str]:
    """Whose the line was, and whose it is."""
    return {
        "before": str(change.get("before", "")),
        "after": full_name(change["family_name"], change["given_name"]),
    }


CHANGE_USER = OrderKind(
    request=ChangeUser,
    quote_line=_quote_line,
    describe=_describe,
    summary=_summary,
    expected_completion=no_promise,
    check=_check,
    confirmed_columns=_confirmed_columns,
    warnings=_warnings,
    timeline_params=_timeline_params,
    excludes=frozenset({"split_billing"}),
    statuses=frozenset(IN_FLEET),
    bulk=False,
    # The address to which eSIM codes and notices of a swap go
    needs_recent_sign_in=True,
    light=True,
    split_after=lambda before, change: "" if change.get("ends_split") else before,
)
