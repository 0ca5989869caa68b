"""Give a line an eSIM (F-115, F-119 to F-123): the carrier assigns its number, the user gets the code by mail. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.core.errors import Invalid
from backend.orders.kinds.change_user import LANGUAGES, email_valid
from backend.orders.kinds.plan import Ground, Kind, LineNow, Message, Planned, Words, monthly_cost
from backend.orders.kinds.replace_sim import LEAVING, check_reason, gone
from backend.orders.schemas import Asked, Fact


class RequestEsim(Asked, frozen=True, kw_only=True, tag="request_esim"):
    """Give one line an eSIM. The code goes to `email` in `language`; `qr_copy`: to the requester as well."""

    email: str = ""
    language: str = ""
    qr_copy: bool = False
    reason: str = ""


class EsimChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the form starts from."""

    present: str  # SIM number
    email: str
    language: str
    confirmation: bool  # the user has to agree first


def check(ground: Ground, asked: RequestEsim) -> None:
    wrong = check_reason(ground, asked.reason)
    if not email_valid(asked.email):
        wrong["email"] = ground.words.say("bad_email")
    if asked.language not in LANGUAGES:
        wrong["language"] = ground.words.say("bad_language")
    if wrong:
        raise Invalid(**wrong)


def plan_line(ground: Ground, asked: RequestEsim, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    planned.change = {
        "before": line.sim_number,
        "reason": asked.reason,
        "email": asked.email,
        "language": asked.language,
        "qr_copy": asked.qr_copy,
    }
    return planned


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    old = words.sim(change["before"]) or words.say("no_sim")
    return [words.say("old_sim", sim=old), words.say("code_to", email=change["email"])]


def tell(words: Words, _change: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    lines = []
    if told.get("simNumber"):
        lines.append(words.say("new_esim", sim=words.sim(str(told["simNumber"]))))
    state = f"esim_{told.get('esimState', '')}"
    return [*lines, words.say(state)] if words.has(state) else lines


def summary(words: Words, asked: RequestEsim) -> list[Fact]:
    return [
        Fact(name=words.say("reason"), value=[words.say(f"reason_{asked.reason}")]),
        Fact(name=words.say("email"), value=[asked.email]),
        Fact(name=words.say("language"), value=[words.say(f"in_{asked.language}")]),
        Fact(name=words.say("copy"), value=[words.say("copy_yes" if asked.qr_copy else "copy_no")]),
    ]


def warnings(words: Words, ground: Ground, items: Sequence[Planned]) -> list[str]:
    lines = [words.say("suspend_first")] if gone(items) else []
    lines += [words.say("old_works"), words.say("user_told")]
    return [*lines, words.say("must_agree")] if ground.profile.esim_confirmation else lines


KIND = Kind(
    asked=RequestEsim,
    plan_line=plan_line,
    describe=describe,
    tell=tell,
    summary=summary,
    check=check,
    message=lambda change: Message("requestEsim", characteristics={"reason": change["reason"]}),
    confirm=lambda line, _change, told: {
        "sim_number": told.get("simNumber") or line["sim_number"],
        "sim_kind": "esim",
    },
    warnings=warnings,
    must_confirm=lambda words, _ground, _items: words.say("device"),
    audit_words=lambda change: {"reason": str(change.get("reason", ""))},
    done="esim.activated",
    excludes=frozenset({"replace_sim", "change_user"}) | LEAVING,
    bulk=False,
    fresh=True,
    amend=lambda _ground, change, _fields: (
        dict(change),
        {"goOn": "true"},
    ),  # after an expiry or a failed download
)
