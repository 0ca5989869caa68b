"""Timelines: steps of something under way, and what was written to the timeline of a line or an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.catalogue import Catalogue
from backend.catalog.profiles import profile
from backend.lines.timeline_codes import LineTimelineCode
from backend.orders.texts import entry_text
from backend.orders.timeline_codes import OrderTimelineCode
from backend.timeline.schemas import TimelineEntry
from backend.usage.timeline_codes import UsageTimelineCode
from frontend.elements import Child, icon
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    ATTENTION = "attention"
    LOST = "lost"
    # Taken back by a person
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """One step: its title, when it was, and a sentence under it."""

    title: Child
    state: StepState = StepState.DONE
    time: str = ""
    note: str = ""


MARKS = {
    StepState.DONE: "check",
    StepState.LOST: "close",
    StepState.STOPPED: "minus",
    StepState.ATTENTION: "alert",
}
# The texts of orders stand beside their kinds, for mails and REST too
LINE_TEXTS: Mapping[str, str] = {
    LineTimelineCode.GONE_AT_CARRIER: translatable("No longer at the operator"),
    LineTimelineCode.BACK_AT_CARRIER: translatable("Listed by the operator again"),
    LineTimelineCode.DEBT_BLOCKED: translatable("Blocked for unpaid invoices"),
    LineTimelineCode.DEBT_LIFTED: translatable("No longer blocked for unpaid invoices"),
    LineTimelineCode.PUK_SHOWN: translatable("PUK code shown"),
    LineTimelineCode.ESIM_CODE_SHOWN: translatable("eSIM code shown"),
    LineTimelineCode.ESIM_CONFIRMED: translatable("eSIM confirmed by the user"),
    LineTimelineCode.CONTRACT_LOOKED_AT: translatable("Contract looked at by the operator"),
    LineTimelineCode.CONTRACT_ACCEPTED: translatable("Contract accepted by the operator"),
    LineTimelineCode.CONTRACT_REFUSED: translatable("Contract refused by the operator"),
}
USAGE_TEXTS: Mapping[str, str] = {
    UsageTimelineCode.DETAIL_SHOWN: translatable("Detail of usage looked at"),
    UsageTimelineCode.CAP_RAISED: translatable("Cap abroad raised for one month"),
}
TEXTS = {**LINE_TEXTS, **USAGE_TEXTS}


def timeline(steps: Sequence[TimelineStep], *, live: bool = False) -> VdomDict:
    """Steps, one below the other. `live`: screen readers say what changes."""
    return html.ol(
        {"class": "timeline", **({"aria-live": "polite"} if live else {})},
        *(_step(step) for step in steps),
    )


def _step(step: TimelineStep) -> VdomDict:
    now, mark = step.state is StepState.NOW, MARKS.get(step.state)
    return html.li(
        {"aria-current": "step"} if now else {"class": f"is-{step.state}"},
        html.span({"class": "marker"}, icon(mark) if mark else None),
        html.h3(step.title),
        html.time(step.time) if step.time else None,
        html.p(step.note) if step.note else None,
    )


def entries_timeline(page: PageContext, entries: Sequence[TimelineEntry]) -> VdomDict:
    """Entries of a timeline: what happened, when, by whom, and the request that it belongs to."""
    catalogue = Catalogue(profile(page.profile.carrier), page.text.language)
    # Who asked for it stands where it was placed; what came of it was written when the operator or the product did it
    asked = {
        entry.params.get("reference", ""): entry.actor_name
        for entry in entries
        if entry.code == OrderTimelineCode.PLACED
    }
    return timeline([_entry_step(page.text, catalogue, entry, asked) for entry in entries])


def _entry_step(
    text: Translator, catalogue: Catalogue, entry: TimelineEntry, asked: Mapping[str, str]
) -> TimelineStep:
    title: Child = entry_words(text, catalogue, entry)
    if reference := entry.params.get("reference"):
        link = html.a({"class": "number", "href": f"/app/requests/{reference}"}, reference)
        title = html.span(title, " ", link)
    return TimelineStep(title=title, time=text.moment(entry.at), note=_note(text, entry, asked))


def _note(text: Translator, entry: TimelineEntry, asked: Mapping[str, str]) -> str:
    """From what to what where both are kept, and who did it or asked for it."""
    params, requester = entry.params, asked.get(entry.params.get("reference", ""))
    before, after = params.get("before", ""), params.get("after", "")
    if entry.actor_name:
        who = text("by {name}", name=entry.actor_name)
    elif requester and entry.code == OrderTimelineCode.DONE:
        who = text("requested by {name}", name=requester)
    else:
        who = text("by the product or the carrier")
    if "after" not in params or before == after:
        return who
    return f"{before or '–'} → {after or '–'}, {who}"


def entry_words(text: Translator, catalogue: Catalogue, entry: TimelineEntry) -> str:
    """What happened, from the texts of the feature that wrote it."""
    if known := TEXTS.get(entry.code):
        return text(known)
    return entry_text(catalogue, entry) or text("Changed")
