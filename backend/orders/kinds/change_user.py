"""Change who uses a line (F-042, F-052): a label of the customer; the company stays the contract holder. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from backend.core.errors import Invalid
from backend.lines.lifecycle import IN_FLEET
from backend.orders.kinds.plan import Ground, Kind, LineNow, Planned, Words, monthly_cost
from backend.orders.schemas import Asked, Fact, ItemState

LANGUAGES = ("fr", "nl", "de", "en")
LONGEST = 80
# They may have sent the code of an eSIM to the present user, or still will: the number is not handed over meanwhile.
ON_THE_WAY = frozenset({"request_esim", "add_line", "port_in"})
EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,180}\.[^@\s<>,;\".]{2,63}")


class ChangeUser(Asked, frozen=True, kw_only=True, tag="change_user"):
    """Correct the user of one line, or hand it to another person. A hand-over ends shared billing: it is personal."""

    given_name: str = ""
    family_name: str = ""
    email: str = ""
    language: str = ""
    another_person: bool = False


def email_valid(text: str) -> bool:
    """Whether the text looks like one e-mail address (RFC 5321 lengths, without quoted or literal forms)."""
    return len(text) <= 254 and text.isprintable() and bool(EMAIL.fullmatch(text))


def name_valid(text: str) -> bool:
    return 0 < len(text) <= LONGEST and text.isprintable() and text == text.strip()


def check(ground: Ground, asked: ChangeUser) -> None:
    say, wrong = ground.words.say, dict[str, str]()
    for name in ("given_name", "family_name"):
        if not name_valid(getattr(asked, name)):
            wrong[name] = say(f"bad_{name}")
    if asked.email and not email_valid(asked.email):
        wrong["email"] = say("bad_email")
    if asked.language not in LANGUAGES:
        wrong["language"] = say("bad_language")
    if wrong:
        raise Invalid(**wrong)


def full_name(family: str, given: str) -> str:
    """As lists sort it: "Surname, First name"."""
    return ", ".join(part for part in (family, given) if part)


def plan_line(ground: Ground, asked: ChangeUser, line: LineNow) -> Planned:
    cost = monthly_cost(ground.profile, line.plan, line.options)
    planned = Planned(line, monthly_before=cost, monthly_after=cost)
    if why := KIND.refuses(line):
        return planned.skip(why)
    if asked.another_person and ON_THE_WAY & set(line.open_kinds):
        return planned.skip("open_order")
    if not asked.another_person and line.id in (ground.facts or ()):
        return planned.skip("person_elsewhere")
    wanted = {name: getattr(asked, name) for name in ("given_name", "family_name", "email", "language")}
    if not asked.another_person and all(getattr(line, name) == value for name, value in wanted.items()):
        return planned.skip("nothing_to_change")
    planned.change = {**wanted, "another_person": asked.another_person, "before": line.name}
    if asked.another_person and line.split_profile:
        planned.change["ends_split"] = True
    return planned


def confirm(_line: Mapping[str, Any], change: Mapping[str, Any], _told: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {"name": full_name(change["family_name"], change["given_name"])}
    if change.get("ends_split"):
        columns["split_profile"] = ""
    return columns


def describe(words: Words, change: Mapping[str, Any]) -> list[str]:
    name = full_name(change["family_name"], change["given_name"])
    lines = [words.say("to", before=change["before"] or "–", after=name)]
    return [*lines, words.say("split_ends")] if change.get("ends_split") else lines


def summary(words: Words, asked: ChangeUser) -> list[Fact]:
    facts = [Fact(name=words.say("user"), value=[f"{asked.given_name} {asked.family_name}".strip()])]
    if asked.email:
        facts.append(Fact(name=words.say("email"), value=[asked.email]))
    if asked.language:
        facts.append(Fact(name=words.say("language"), value=[words.say(f"in_{asked.language}")]))
    which = "another" if asked.another_person else "corrected"
    facts.append(Fact(name=words.say("person"), value=[words.say(which)]))
    return facts


def warnings(words: Words, _ground: Ground, items: Sequence[Planned]) -> list[str]:
    ends = any(item.change.get("ends_split") for item in items if item.state is ItemState.WAITING)
    return [words.say("split_ends")] if ends else []


KIND = Kind(
    asked=ChangeUser,
    plan_line=plan_line,
    describe=describe,
    summary=summary,
    check=check,
    confirm=confirm,
    warnings=warnings,
    audit_words=lambda change: {"before": str(change.get("before", ""))},
    done="user.changed",
    excludes=frozenset({"split_billing"}),
    statuses=frozenset(IN_FLEET),
    bulk=False,
    fresh=True,  # the address to which eSIM codes and notices of a swap go
)
