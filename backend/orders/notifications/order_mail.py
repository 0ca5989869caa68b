"""What the requester is told of a request, by mail and in the portal, in that person's language (F-170 to F-172). Pure."""

from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from backend.catalog.catalogue import Catalogue
from backend.catalog.identifiers import format_msisdn
from backend.core.clock import local, today
from backend.core.i18n import FileTexts
from backend.core.permissions import Portal
from backend.notifications.content import MailContent, MailTable, MailTableRow, PortalContent
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState
from backend.orders.notifications.order_facts import order_facts
from backend.orders.outcome import OutcomeCode, PartCode
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.schemas import OrderDetail, OrderItemView
from backend.orders.texts import KindTexts
from backend.settings import Settings

TEXTS = Path(__file__).with_name("order_mail.toml")
# A mail lists so many lines; the page has them all.
ROWS = 500


class MailPhase(StrEnum):
    """What a mail about a request says."""

    RECEIVED = "received"
    SCHEDULED = "planned"
    # Somebody else than the requester chose another day
    MOVED = "moved"
    PRICE_CHANGED = "price"
    # It waits for somebody
    WAITING = "waiting"
    ENDED = "ended"


# The parts of an outcome that a mail names above its table
REMARKS = frozenset({PartCode.FAILED, PartCode.WAITS, PartCode.LEFT_OUT, PartCode.SKIPPED})
MOST_REMARKS = 8


def order_mail(
    order: OrderDetail,
    *,
    phase: MailPhase,
    catalogue: Catalogue,
    accounts: Mapping[UUID, str],
    settings: Settings,
) -> MailContent:
    """The mail of one phase: one row for each number, with its customer number (`accounts`), change and result."""
    texts = FileTexts(TEXTS, catalogue.language)
    kind_texts = KindTexts(catalogue, order.kind)
    title, lead = _opening(texts, kind_texts.outcome, order, phase)
    remarks = [part for part in order.outcome.parts if part.code in REMARKS][:MOST_REMARKS]
    return MailContent(
        language=texts.language,
        subject=texts.text(
            "subject", kind=order.title, state=_state(texts, kind_texts.outcome, order, phase)
        ),
        title=title,
        preheader=f"{title} {order.reference}",
        paragraphs=(
            texts.text("greeting", name=order.requested_by.split(" ")[0]),
            lead,
            *(f"{kind_texts.outcome.part(part)}." for part in remarks),
        ),
        facts=order_facts(texts, order),
        strong=texts.text("reference"),
        table=_table(texts, kind_texts.outcome, order, accounts, closed=phase in RESULTS),
        button=(texts.text("follow"), f"{settings.public_url}{_page_of(order)}"),
        footer=texts.text("footer", support=settings.operator.support_email),
    )


def order_notice(order: OrderDetail, *, phase: MailPhase, language: str, member_id: UUID) -> PortalContent:
    """What the portal shows of one phase: the title of its mail, which request it is, and of which line where it has one."""
    texts = FileTexts(TEXTS, language)
    return PortalContent(
        member_id=member_id,
        portal=Portal.MANAGER,
        language=texts.language,
        title=_opening(texts, _outcome_texts(order, language), order, phase)[0],
        text=" · ".join(part for part in (order.title, _one_line(order), order.reference) if part),
        path=_page_of(order),
    )


def _one_line(order: OrderDetail) -> str:
    """The number and the name of the one line that the order is about; "" for several, or while nothing names it."""
    if order.items_total != 1 or not order.items:
        return ""
    (item,) = order.items
    return ", ".join(part for part in (format_msisdn(item.msisdn) if item.msisdn else "", item.name) if part)


def _outcome_texts(order: OrderDetail, language: str) -> OutcomeTexts:
    return OutcomeTexts(language, here=KINDS[order.kind].done_at_once)


def _state(texts: FileTexts, outcome: OutcomeTexts, order: OrderDetail, phase: MailPhase) -> str:
    """How the request is, behind a colon: the mails of its phases differ in their subject."""
    received = phase is MailPhase.RECEIVED and order.outcome.code is not OutcomeCode.WAITS
    if phase is MailPhase.MOVED:
        words = texts.text("subject_moved")
    else:
        words = texts.text("subject_received") if received else outcome.short(order.outcome)
    return words[:1].lower() + words[1:]


def _page_of(order: OrderDetail) -> str:
    return f"/app/requests/{order.reference}"


# The phases in which each line has its result
RESULTS = frozenset({MailPhase.WAITING, MailPhase.ENDED})


def _opening(
    texts: FileTexts, outcome: OutcomeTexts, order: OrderDetail, phase: MailPhase
) -> tuple[str, str]:
    """Title and first sentence. What was received says until when, or whom it waits for."""
    if phase is MailPhase.MOVED:
        who = _last_actor(order)
        moved = texts.text("moved_lead", name=who) if who else texts.text("moved_lead_unnamed")
        return texts.text("moved_title"), f"{moved} {outcome.lead(order.outcome)}"
    if (
        phase is MailPhase.ENDED
        and order.outcome.code is OutcomeCode.CANCELLED
        and (who := _last_actor(order))
    ):
        lead = texts.text("cancelled_lead", name=who)
        return outcome.title(order.outcome), lead
    if phase is not MailPhase.RECEIVED:
        return outcome.title(order.outcome), outcome.lead(order.outcome, msisdn=order.msisdn, greeted=True)
    title, due = texts.text("received_title"), order.promise.due_at
    if order.outcome.code is OutcomeCode.WAITS:
        return title, f"{texts.text('received')} {outcome.lead(order.outcome)}"
    return title, _received(texts, due) if due else texts.text("received_lead_open")


def _last_actor(order: OrderDetail) -> str:
    """Who made the last move of the order; "" where the product or the operator did."""
    return order.history[-1].actor if order.history else ""


def _received(texts: FileTexts, due: datetime) -> str:
    """Until when: an hour of today, another day, or another day with its hour where it does not end at midnight."""
    at = local(due)
    if at.date() == today():
        return texts.text("received_lead_today", due=f"{at:%H:%M}")
    return texts.text(
        "received_lead", due=f"{at:%d/%m/%Y}" if at.time() == time() else f"{at:%d/%m/%Y %H:%M}"
    )


def _table(
    texts: FileTexts,
    outcome: OutcomeTexts,
    order: OrderDetail,
    accounts: Mapping[UUID, str],
    *,
    closed: bool,
) -> MailTable:
    left = f"{texts.text('column_number')} · {texts.text('column_account')}"
    right = texts.text("column_change")
    more = order.items_total - len(order.items)
    rows = [_row(texts, outcome, item, accounts.get(item.line_id, ""), closed=closed) for item in order.items]
    return MailTable(
        heading=texts.text("lines"),
        columns=(left, f"{right} · {texts.text('column_result')}" if closed else right),
        rows=tuple(rows),
        more=texts.text("more", count=more) if more > 0 else "",
    )


def _row(
    texts: FileTexts, outcome: OutcomeTexts, item: OrderItemView, account: str, *, closed: bool
) -> MailTableRow:
    changes = (*item.words, *map(outcome.left_out, item.noted))
    return MailTableRow(
        name=format_msisdn(item.msisdn),
        notes=tuple(note for note in (item.name, account) if note),
        value=changes or (texts.text("nothing"),),
        result=_result(texts, outcome, item) if closed or item.state is ItemState.SKIPPED else "",
    )


def _result(texts: FileTexts, outcome: OutcomeTexts, item: OrderItemView) -> str:
    """How one line is, and why."""
    what = outcome.item(item.state, item.reason, item.waits_for, left_out=bool(item.left_out))
    if not item.why:
        return what
    # A reason begins a sentence; here it follows a colon
    return texts.text("result", what=what, why=item.why[:1].lower() + item.why[1:])
