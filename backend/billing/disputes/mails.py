"""Tells whoever disputed charges what became of them: by mail and in the portal, once for each decision and person."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from backend.billing.disputes.lifecycle import DisputeState
from backend.billing.disputes.reading import BY_ID, info
from backend.billing.disputes.schemas import DisputeInfo
from backend.catalog.identifiers import format_msisdn
from backend.core.facts import JobName
from backend.core.formats import format_money
from backend.core.i18n import FileTexts
from backend.core.messaging.jobs import idempotent_job, job_scope
from backend.core.permissions import Permission, Portal, has_permission
from backend.notifications.content import MailContent, MailTable, MailTableRow, Message, PortalContent
from backend.notifications.sending import send_once
from backend.runtime import clients
from tenants.scope import Actor, Scope

TEXTS = Path(__file__).with_name("dispute_texts.toml")
MOST_ROWS = 20
MEMBER = "SELECT id, name, email, language, roles FROM member WHERE id = $1 AND state = 'active'"


class DisputeRecipient(msgspec.Struct, frozen=True):
    """A member who disputed something, as the member is now."""

    id: UUID
    name: str
    email: str
    language: str
    roles: list[str]


@idempotent_job(JobName.MAIL_DISPUTES)
async def mail_disputes(
    actor: Actor,
    *,
    move_id: str,
    invoice_id: str,  # noqa: ARG001 - named in the fact
    dispute_ids: list[str],
    state: str,
) -> None:
    """One message to each person whose disputes were moved; nothing to who withdrew the own one, or is a member no more."""
    async with job_scope(actor) as scope:
        found = await scope.fetch_all(info, BY_ID, [UUID(one) for one in dispute_ids])
    by_person: dict[UUID, list[DisputeInfo]] = defaultdict(list)
    for one in found:
        if one.opened_by is not None and not (
            state == DisputeState.WITHDRAWN and one.decided_by == one.opened_name
        ):
            by_person[one.opened_by].append(one)
    for member_id, disputes in by_person.items():
        await _tell(actor, f"disputes/{move_id}/{member_id}", member_id, disputes, DisputeState(state))


async def _tell(
    actor: Actor, key: str, member_id: UUID, disputes: Sequence[DisputeInfo], state: DisputeState
) -> None:
    async def compose(scope: Scope) -> Message | None:
        person = await scope.fetch_one(DisputeRecipient, MEMBER, member_id)
        if person is None or not has_permission(frozenset(person.roles), Permission.INVOICES_READ):
            return None
        return message(person, disputes, state, clients().settings.public_url)

    await send_once(actor, key, compose)


def message(
    person: DisputeRecipient, disputes: Sequence[DisputeInfo], state: DisputeState, public_url: str
) -> Message:
    """The mail with each charge and its amount, and the short message of the portal."""
    texts = FileTexts(TEXTS, person.language)
    first = disputes[0]
    path = f"/app/invoices/{first.invoice_id}"
    total = format_money(sum(one.gross_cents for one in disputes), texts.language)
    title = texts.text(f"{state}_title", invoice=first.invoice_number)
    paid = "_paid" if first.was_paid and state is DisputeState.ACCEPTED else ""
    what = texts.text(
        f"{state}{paid}_text", amount=total, invoice=first.invoice_number, note=first.credit_note
    )
    facts = [
        (texts.text("invoice"), first.invoice_number),
        (texts.text("customer_number"), first.account),
        (texts.text("amount"), total),
    ]
    if first.reason:
        facts.append((texts.text("reason"), first.reason))
    mail = MailContent(
        language=texts.language,
        subject=title,
        title=title,
        paragraphs=(texts.text("greeting", name=person.name), what),
        facts=tuple(facts),
        table=_table(texts, disputes),
        button=(texts.text("button"), f"{public_url}{path}"),
    )
    shown = PortalContent(
        member_id=person.id,
        portal=Portal.MANAGER,
        language=texts.language,
        title=title,
        text=f"{what} {first.reason}".strip(),
        path=path,
    )
    return Message(person.email, mail, shown)


def _table(texts: FileTexts, disputes: Sequence[DisputeInfo]) -> MailTable:
    rows = tuple(
        MailTableRow(
            name=one.name or texts.text("whole_invoice"),
            notes=(format_msisdn(one.msisdn),) if one.msisdn else (),
            value=(format_money(one.gross_cents, texts.language),),
        )
        for one in disputes[:MOST_ROWS]
    )
    left = len(disputes) - len(rows)
    return MailTable(
        heading=texts.text("charges"),
        columns=(texts.text("charge"), texts.text("amount")),
        rows=rows,
        more=texts.text("more", count=left) if left > 0 else "",
    )
