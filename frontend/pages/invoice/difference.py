"""Why an invoice differs from the one before: the causes as steps from one amount to the other, each with its lines."""

from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.billing.differences.causes import CauseKind, DifferenceCause
from backend.billing.differences.service import CauseGroup, Difference, difference_of
from frontend.components.actions import button
from frontend.components.invoices.difference_words import CAUSES
from frontend.components.invoices.numbers import number_address
from frontend.components.invoices.proof_words import thing_name
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.components.table import rows_table, table_frame
from frontend.elements import Child
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.page_context import PageContext
from frontend.queries import use_query

SHOWN, MORE = 25, 500


@component
def DifferencePanel(invoice: str) -> VdomDict | None:
    """The causes with their amounts, which add up to the difference."""
    text = use_page().text
    found = use_query(difference_of, UUID(invoice), topics=(f"invoice:{invoice}",), limit=1)
    opened, open_kind = use_state("")
    title = text("Why is it different from last month?")
    if found.error:
        return panel("why", title, not_ready(text, found))
    if found.data is None:
        # On its way, or a credit note, which has no month before
        return None
    shown: Difference = found.data
    if shown.before is None:
        words = text("This is the first invoice of its customer number: there is none to compare it with.")
        return panel("why", title, html.p({"class": "muted"}, words))
    head = text(
        "{before} on {first}, {now} on {last}.",
        before=text.money(shown.before.booked_cents),
        first=text.date(shown.before.issued_on),
        now=text.money(shown.now.booked_cents),
        last=text.date(shown.now.issued_on),
    )
    return panel(
        "why",
        title,
        html.p({"class": "muted"}, head),
        html.ul({"class": "reasons"}, *_steps(text, shown, opened, open_kind)),
        Lines(invoice=invoice, kind=opened, key=f"lines {opened}") if opened else None,
        beside=[html.span({"class": "small muted"}, text("charges excl. VAT, then VAT"))],
    )


def _steps(text: Translator, shown: Difference, opened: str, open_kind: object) -> list[VdomDict]:
    """Each group as a step of the way; the sum at the end."""
    at, ends = 0, [0]
    for group in shown.groups:
        at += group.cents
        ends.append(at)
    low, high = min(ends), max(ends)
    scale = 100 / ((high - low) or 1)
    rows, at = [], 0
    for group in shown.groups:
        rows.append(_step(text, group, (min(at, at + group.cents) - low) * scale, scale, opened, open_kind))
        at += group.cents
    total = html.li(
        {"class": "reasons-total", "key": "total"},
        html.h3(text("Difference")),
        html.svg(
            {"aria-hidden": "true"},
            html.svg.rect(
                {
                    "class": "tone-4",
                    "x": f"{(min(0, at) - low) * scale:.1f}%",
                    "width": f"{max(abs(at) * scale, 0.5):.1f}%",
                    "height": "10",
                    "rx": "2",
                }
            ),
        ),
        html.span(text.difference(shown.difference_cents)),
    )
    return [*rows, total]


def _step(
    text: Translator, group: CauseGroup, start: float, scale: float, opened: str, open_kind: object
) -> VdomDict:
    words = text(CAUSES[group.kind])
    named = ", ".join(text.msisdn(one) for one in group.named)
    left = group.numbers - len(group.named)
    under = f"{named} {text.plural('and {n} more', 'and {n} more', left)}" if left > 0 else named
    again = opened == group.kind
    head: Child = words
    if group.kind not in {CauseKind.VAT, CauseKind.WHOLE_DOCUMENT}:
        head = button(
            words,
            kind="quiet small",
            local=True,
            on_click=lambda _event: open_kind("" if again else str(group.kind)),  # type: ignore[operator]
            more={"aria-expanded": "true" if again else "false"},
        )
    return html.li(
        {"key": str(group.kind)},
        html.div(html.h3(head), html.span({"class": "small muted"}, under) if under else None),
        html.svg(
            {"aria-hidden": "true"},
            html.svg.rect(
                {
                    "class": "bar-up" if group.cents > 0 else "bar-down",
                    "x": f"{start:.1f}%",
                    "width": f"{max(abs(group.cents) * scale, 0.5):.1f}%",
                    "height": "10",
                    "rx": "2",
                }
            ),
        ),
        html.span(text.difference(group.cents)),
    )


@component
def Lines(invoice: str, kind: str) -> VdomDict:
    """The causes of one kind, line by line."""
    page = use_page()
    text = page.text
    shown, show = use_state(SHOWN)
    found = use_query(difference_of, UUID(invoice), kind=CauseKind(kind), limit=MORE)
    if found.data is None:
        return html.div(not_ready(text, found))
    difference: Difference = found.data
    frame = table_frame(
        text("Causes, excluding VAT"),
        [(text("Number"), ""), (text("Cause"), "rank-2"), (text("Difference"), "amount")],
    )
    rows = [
        (f"{at} {one.msisdn}", _line(page, invoice, one)) for at, one in enumerate(difference.causes[:shown])
    ]
    return html.div(
        rows_table(frame, rows),
        html.div(
            {"class": "row"},
            html.span(
                {"class": "small muted"},
                text("{shown} of {total}, the greatest first", shown=len(rows), total=difference.total),
            ),
            button(text("Show more"), kind="small", local=True, on_click=lambda _event: show(MORE))
            if len(rows) < min(difference.total, MORE)
            else None,
        )
        if difference.total > SHOWN
        else None,
    )


def _line(page: PageContext, invoice: str, cause: DifferenceCause) -> VdomDict:
    text = page.text
    words = _what(page, cause)
    number: Child = (
        html.a({"class": "number", "href": number_address(invoice, cause.msisdn)}, text.msisdn(cause.msisdn))
        if cause.msisdn
        else text("Not of one number")
    )
    return html.tr(
        html.th({"scope": "row"}, number, html.span({"class": "cell-sub cell-narrow"}, words)),
        html.td({"class": "rank-2"}, words),
        html.td({"class": "amount"}, text.difference(cause.cents)),
    )


def _what(page: PageContext, cause: DifferenceCause) -> str:
    text = page.text
    if cause.kind is CauseKind.PLAN_CHANGE:
        return text(
            "{before} before, {now} now",
            before=thing_name(page, cause.before),
            now=thing_name(page, cause.now),
        )
    return (thing_name(page, cause.code) if cause.code else cause.name) or text(CAUSES[cause.kind])
