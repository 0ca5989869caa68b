"""Mails about the user of a line: the earlier address hears that it was changed, and never which one came after it."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.catalog.identifiers import national
from backend.context import clients
from backend.core import clock
from backend.core.jobs import flow
from backend.letters.frame import Content, Words
from backend.letters.sending import address_letter, send_once
from tenants.scope import Actor, Scope

WORDS = Path(__file__).with_name("user_words.toml")


async def addresses_of(scope: Scope, line_ids: list[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """By line: the address and the language of whoever uses it now. Lines without an address are left out."""
    rows = await scope.connection.fetch(
        "SELECT l.id, u.email, u.language FROM line l JOIN end_user u ON u.tenant_id = l.tenant_id"
        " AND u.id = l.end_user_id WHERE l.id = ANY($1) AND u.email <> ''",
        line_ids,
    )
    return {row["id"]: row for row in rows}


async def tell_of_address(
    scope: Scope, item_id: UUID, line_id: UUID, *, earlier: Mapping[str, Any], now: str
) -> None:
    """The line's messages go elsewhere from now on: the earlier address hears of it, unless it is the same one."""
    if earlier["email"].casefold() == now.casefold():
        return
    await address_letter(scope, _key(item_id), earlier["email"])
    scope.announce(
        "user.address_changed",
        item_id=str(item_id),
        line_id=str(line_id),
        language=earlier["language"],
        at=clock.now().isoformat(),
    )


def _key(item_id: object) -> str:
    return f"user_address/{item_id}"


@flow("users.mail_address")
async def mail_address(actor: Actor, *, item_id: str, line_id: str, language: str, at: str) -> None:
    """The security notice, in the language of whoever had the address. It greets nobody: the line may be another's."""

    async def compose(scope: Scope) -> tuple[str, Content] | None:
        row = await scope.connection.fetchrow(
            "SELECT t.recipient, l.msisdn, c.name AS company FROM letter t, line l, tenant c"
            " WHERE t.key = $1 AND l.id = $2",
            _key(item_id),
            UUID(line_id),
        )
        if row is None:
            return None
        operator, words = clients().settings.operator, Words(WORDS, language)
        return row["recipient"], Content(
            language=words.language,
            subject=words.say("address_title"),
            title=words.say("address_title"),
            paragraphs=(words.say("greeting"), words.say("address_lead")),
            facts=(
                (words.say("number"), national(row["msisdn"]) or words.say("new_number")),
                (words.say("when"), f"{clock.local(datetime.fromisoformat(at)):%d/%m/%Y %H:%M}"),
                (words.say("by"), row["company"]),
                (words.say("support"), f"{operator.support_email}, {operator.support_phone}"),
            ),
            closing=(words.say("address_not_you"),),
        )

    await send_once(actor, _key(item_id), compose)
