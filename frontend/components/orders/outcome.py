"""The outcome of requests and of their lines as pills, sentences and lists. The texts stand in `backend/orders`."""

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState
from backend.orders.outcome import OrderOutcome, OutcomeCode, OutcomePart, PartCode, WaitsFor
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.schemas import OrderDetail, OrderItemView
from backend.orders.texts import KindTexts
from frontend.elements import notice, pill
from frontend.i18n import Translator
from frontend.page_context import PageContext

# Tone and shape of each
LOOKS = {
    OutcomeCode.DRAFT: ("", "ring"),
    OutcomeCode.PLANNED: ("running", "clock"),
    OutcomeCode.PRICE_CHANGED: ("attention", "alert"),
    OutcomeCode.UNDOABLE: ("running", "half"),
    OutcomeCode.SENDING: ("running", "half"),
    OutcomeCode.UNDER_WAY: ("running", "half"),
    OutcomeCode.WAITS: ("running", "pause"),
    OutcomeCode.CANCELLING: ("running", "half"),
    OutcomeCode.EXPIRED: ("attention", "alert"),
    OutcomeCode.DONE: ("active", "check"),
    OutcomeCode.NOT_DELIVERED: ("attention", "mail"),
    OutcomeCode.DONE_EXCEPT: ("attention", "alert"),
    OutcomeCode.PARTIAL: ("attention", "alert"),
    OutcomeCode.FAILED: ("lost", "close"),
    OutcomeCode.REFUSED: ("lost", "close"),
    OutcomeCode.UNDONE: ("", "minus"),
    OutcomeCode.CANCELLED: ("", "minus"),
    OutcomeCode.NOTHING_LEFT: ("", "minus"),
}
ITEM_LOOKS = {
    ItemState.WAITING: ("", "ring"),
    ItemState.SENT: ("running", "half"),
    ItemState.IN_PROGRESS: ("running", "half"),
    ItemState.HELD: ("running", "pause"),
    ItemState.DONE: ("active", "check"),
    ItemState.FAILED: ("lost", "close"),
    ItemState.CANCELLED: ("", "minus"),
    ItemState.SKIPPED: ("", "minus"),
}
PART_LOOKS = {
    PartCode.FAILED: ("lost", "close"),
    PartCode.WAITS: ("running", "pause"),
    PartCode.LEFT_OUT: ("attention", "minus"),
    PartCode.SKIPPED: ("attention", "minus"),
    PartCode.NOT_KNOWN: ("running", "half"),
    PartCode.UNDER_WAY: ("running", "half"),
    PartCode.TO_SEND: ("", "ring"),
    PartCode.DONE: ("active", "check"),
    PartCode.ALREADY: ("", "check"),
    PartCode.CANCELLED: ("", "minus"),
    PartCode.CANCEL_REFUSED: ("attention", "alert"),
    PartCode.UNDELIVERED: ("attention", "mail"),
    PartCode.MAIL_REFUSED: ("attention", "mail"),
}
# Said above the lines, since no figure beside them says it
REMARKS = frozenset(
    {
        PartCode.FAILED,
        PartCode.WAITS,
        PartCode.LEFT_OUT,
        PartCode.SKIPPED,
        PartCode.CANCEL_REFUSED,
        PartCode.UNDELIVERED,
        PartCode.MAIL_REFUSED,
    }
)
# Of the whole request, or said of each line already
NOT_COUNTED = frozenset({PartCode.CANCEL_REFUSED, PartCode.UNDELIVERED, PartCode.MAIL_REFUSED})
MOST_REMARKS = 8
# Amber is for what the reader has to do something about
MINE = ("attention", "pause")


def outcome_texts(page: PageContext, kind: str) -> OutcomeTexts:
    """The texts of the outcomes of a kind's requests, with its reasons."""
    return KindTexts(Catalogue(profile(page.profile.carrier), page.text.language), kind).outcome


def plain_texts(text: Translator, kind: str) -> OutcomeTexts:
    """The texts of the outcomes of a kind's requests, without reasons."""
    return OutcomeTexts(text.language, here=KINDS[kind].done_at_once)


def outcome_pill(text: Translator, kind: str, outcome: OrderOutcome) -> VdomDict:
    """What became of a request, in a word or two."""
    look = MINE if outcome.waits_for is WaitsFor.CUSTOMER else LOOKS[outcome.code]
    return pill(plain_texts(text, kind).short(outcome), *look)


def item_pill(text: Translator, kind: str, item: OrderItemView) -> VdomDict:
    """What became of one line of a request."""
    words = plain_texts(text, kind).item(
        item.state,
        item.reason,
        item.waits_for,
        left_out=bool(item.left_out),
        undelivered=item.undelivered,
    )
    if item.undelivered:
        return pill(words, *PART_LOOKS[PartCode.UNDELIVERED])
    look = MINE if item.waits_for is WaitsFor.CUSTOMER else ITEM_LOOKS[item.state]
    if item.state is ItemState.DONE and item.waits_for is WaitsFor.OPERATOR:
        look = PART_LOOKS[PartCode.WAITS]
    if item.state is ItemState.DONE and item.left_out:
        look = LOOKS[OutcomeCode.DONE_EXCEPT]
    return pill(words, *look)


def part_pills(text: Translator, kind: str, outcome: OrderOutcome) -> list[VdomDict]:
    """How many lines are how, without reasons; parts of one kind are one."""
    texts, sums = plain_texts(text, kind), dict[tuple[PartCode, WaitsFor], int]()
    for part in outcome.parts:
        if part.code not in NOT_COUNTED:
            sums[part.code, part.waits_for] = sums.get((part.code, part.waits_for), 0) + part.count
    return [
        pill(
            texts.part(OutcomePart(code=code, count=count, waits_for=party)),
            *(MINE if party is WaitsFor.CUSTOMER else PART_LOOKS[code]),
        )
        for (code, party), count in sums.items()
    ]


def outcome_summary(page: PageContext, order: OrderDetail) -> VdomDict:
    """What may be said of a request: a sentence, and what is missing, waits or failed, each with its reason."""
    outcome, texts = order.outcome, outcome_texts(page, order.kind)
    tone, mark = MINE if outcome.waits_for is WaitsFor.CUSTOMER else LOOKS[outcome.code]
    remarks = [part for part in outcome.parts if part.code in REMARKS][:MOST_REMARKS]
    lead = texts.lead(outcome, msisdn=order.msisdn)
    said = (
        notice(lead, tone="danger" if tone == "lost" else "attention", mark="alert")
        if tone in {"attention", "lost"}
        else notice(lead, mark=mark)
    )
    rows = [html.li({"key": words}, words) for words in map(texts.part, remarks)]
    return html.div(
        {"class": "stack stack-tight", "key": "outcome", "aria-live": "polite"},
        said,
        html.ul({"class": "small"}, *rows) if rows else None,
    )
