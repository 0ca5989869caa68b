"""Check answers: what happens on each line, what it costs, and the button that sends it."""

from calendar import monthrange
from datetime import datetime, time
from typing import Any
from uuid import UUID

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.catalog.pricing import Price
from backend.core import clock
from backend.orders.kinds import KINDS
from backend.orders.lifecycle import ItemState
from backend.orders.placement import drafts
from backend.orders.schemas import ItemPreview, OrderDetail, OrderPreview
from frontend.components.actions import button, link_button
from frontend.components.forms import check
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import draft_not_ready
from frontend.components.orders.promise import promise_words
from frontend.components.steps import steps
from frontend.components.table import rows_table, table_frame
from frontend.elements import Child, classes, hidden, key_values, notice, number, total
from frontend.hooks import PageError, component, use_mutation, use_page, use_query
from frontend.i18n import Translator
from frontend.page_context import PageContext


@component
def ReviewPage(draft: str) -> VdomDict:
    page = use_page()
    text, draft_id, back = page.text, UUID(draft), f"/app/drafts/{draft}"
    found = use_query(drafts.preview_draft, draft_id)
    outdated, set_outdated = use_state(nothing_outdated)

    async def placed(order: OrderDetail) -> None:
        await page.navigate(f"/app/requests/{order.reference}")

    async def refused(problem: PageError) -> None:
        set_outdated(preview if problem.code == "price_changed" else None)
        # What stands here may no longer be so: check answers are made anew
        if not problem.reference:
            found.refetch()

    send = use_mutation(drafts.submit_draft, done=placed, failed=refused)
    if found.data is None:
        return html.div(draft_not_ready(text, found, _back(text, back)))

    async def sent(event_: Any) -> None:
        ticked = bool(event_["target"]["values"].get("confirmed"))
        send.run(draft_id, fingerprint=preview.fingerprint, confirmed=ticked)

    preview = found.data
    changes = text.plural("{n} line changes", "{n} lines change", preview.changing)
    stays = text.plural("{n} line stays as it is", "{n} lines stay as they are", preview.skipped)
    return html.div(
        page_header(
            text("Check before you send"),
            html.p(f"{changes}, {stays}." if preview.skipped else f"{changes}."),
            crumbs=breadcrumb(
                text, (text("Fleet"), "/app/fleet"), (preview.title, back), (text("Check"), None)
            ),
        ),
        steps(text, 2, draft, creates=KINDS[preview.kind].creates is not None),
        html.div(
            # The page moves focus here, each time that something else is found changed.
            {
                "class": "before-columns",
                "tabindex": "-1",
                "key": f"problem {outdated.fingerprint if outdated else ''}",
            },
            notice(
                send.problem.words,
                tone="danger",
                mark="alert",
                live=True,
                action=_differences(text, outdated, preview) if outdated else None,
            ),
        )
        if send.problem
        else None,
        columns(
            [panel("what", text("Your request"), _request(page, preview, back)), _per_line(page, preview)],
            [
                panel(
                    "cost",
                    text("What it costs"),
                    *_cost(text, preview),
                    _send(
                        text,
                        preview,
                        pending=send.pending,
                        on_send=sent,
                    ),
                ),
                _back(text, back),
            ],
            sticky=True,
        ),
    )


def _back(text: Translator, to: str) -> VdomDict:
    return link_button(text("Back to the choice"), to, mark="left", kind="quiet")


def nothing_outdated() -> OrderPreview | None:
    """No check answers were pressed that are other by now."""
    return None


def _differences(text: Translator, before: OrderPreview, now: OrderPreview) -> VdomDict | None:
    """What is other than it was when the button was pressed: how it was, and how it is."""

    def sums(shown: OrderPreview) -> list[tuple[str, str]]:
        monthly, price = text("a month excl. VAT"), shown.price
        return [
            ("", text.plural("{n} line changes", "{n} lines change", shown.changing)),
            (f"{text('Today')}, {monthly}", text.money(shown.monthly_before)),
            (f"{text('After')}, {monthly}", text.money(shown.monthly_after)),
            (text("One-off costs"), text.money(price.one_off)),
            (_invoice(text, price), text.money(price.total)),
        ]

    rows = [
        html.li({"key": name}, f"{name}: " if name else None, html.s(old), " ", html.strong(new))
        for (_, old), (name, new) in zip(sums(before), sums(now), strict=True)
        if old != new
    ]
    return html.ul({"class": "small"}, *rows) if rows else None


def _invoice(text: Translator, price: Price) -> str:
    first = datetime.combine(price.from_day or clock.today(), time(12), clock.BRUSSELS)
    return text("On the invoice of {month}", month=text.month(first))


def lowered(words: str) -> str:
    """The words inside a sentence; what begins in capitals (SIM, VAT) stays so."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _request(page: PageContext, preview: OrderPreview, back: str) -> VdomDict:
    text = page.text

    kind = KINDS[preview.kind]

    def edit(what: str, name: str) -> VdomDict:
        step = kind.step_of(name)
        # Its nouns keep their capital
        inside = what if text.language == "de" else lowered(what)
        to = f"{back}/{step}" if step else back
        return html.a({"href": to}, text.context("edit", "Change"), hidden(f" {inside}"))

    rows: list[tuple[Any, ...]] = [
        (fact.name, [html.div({"key": line}, line) for line in fact.value], edit(fact.name, fact.field))
        for fact in preview.asked
    ]
    promise = lowered(promise_words(page, preview.promise))
    if preview.on and preview.on > clock.today():
        start = text.date(preview.on)
    else:
        start = text("At once, {promise}", promise=promise) if promise else text("At once")
    rows.append((text("From"), start, edit(text("From"), "on") if kind.dated else None))
    rows.append((text("Confirmation to"), page.actor.email))
    return key_values(rows)


def item_reason(page: PageContext, item: ItemPreview) -> str:
    """Why a line stays as it is, or which of the kind_fields change nothing on it."""
    text, notes = page.text, item.noted
    if item.state == ItemState.SKIPPED:
        return text("Skipped: {reason}.", reason=(", ".join(notes) or item.why).rstrip("."))
    return f"{', '.join(notes)}." if notes else ""


def _per_line(page: PageContext, preview: OrderPreview) -> VdomDict:
    text = page.text
    foot = html.tr(
        html.th(
            {"scope": "row"}, text.plural("Total of {n} line", "Total of {n} lines", preview.total_lines)
        ),
        html.td({"class": "amount rank-2"}, text.money(preview.monthly_before)),
        html.td({"class": "amount rank-2"}, text.money(preview.monthly_after)),
        html.td({"class": "amount"}, text.difference(preview.monthly_after - preview.monthly_before)),
    )
    frame = table_frame(
        text("Price difference per line and in total, excl. VAT"),
        [
            (text("Line"), ""),
            (text("Today"), "amount rank-2"),
            (text("After"), "amount rank-2"),
            (text("Difference"), "amount"),
        ],
        foot=foot,
        hover=False,
    )
    more = preview.total_lines - len(preview.items)
    # What happens on each line is said there where it is not the same on all, or stands nowhere above.
    several = not preview.asked or len({tuple(item.words) for item in preview.items if item.change}) > 1
    return panel(
        "lines",
        text("Price per line"),
        rows_table(
            frame, [(str(item.line_id), _item(page, item, several=several)) for item in preview.items]
        ),
        html.p(
            {"class": "panel-footer"},
            text.plural(
                "and {n} more line, counted in the total", "and {n} more lines, counted in the total", more
            ),
        )
        if more > 0
        else None,
        beside=[html.span({"class": "small muted"}, text("A month, excl. VAT"))],
        bare=True,
    )


def _item(page: PageContext, item: ItemPreview, *, several: bool) -> VdomDict:
    text, difference, why = page.text, item.monthly_after - item.monthly_before, item_reason(page, item)
    skipped = item.state == ItemState.SKIPPED
    return html.tr(
        {"class": "is-skipped"} if skipped else {},
        html.th(
            {"scope": "row"},
            number(text.msisdn(item.msisdn) if item.msisdn else text("New number")),
            html.span({"class": "cell-sub"}, item.name),
            html.span({"class": "cell-sub"}, ", ".join(item.words)) if several and item.words else None,
            html.span({"class": "cell-sub"}, why) if why else None,
            html.span({"class": "cell-sub"}, text("{amount} once excl. VAT", amount=text.money(item.one_off)))
            if item.one_off
            else None,
        ),
        html.td({"class": "amount rank-2"}, text.money(item.monthly_before)),
        html.td({"class": "amount rank-2"}, text.money(item.monthly_after)),
        html.td(
            {
                "class": classes(
                    "amount",
                    None
                    if skipped
                    else "difference-up"
                    if difference > 0
                    else "difference-down"
                    if difference < 0
                    else None,
                )
            },
            text.difference(difference),
        ),
    )


def _cost(text: Translator, preview: OrderPreview) -> list[Child]:
    price: Price = preview.price
    first = price.from_day or clock.today()
    last = first.replace(day=monthrange(first.year, first.month)[1])
    span = text(
        "From {first} to {last}, {left} of {days} days",
        first=f"{first:%d/%m}",
        last=f"{last:%d/%m}",
        left=price.days_left,
        days=price.days_in_month,
    )
    rows: list[tuple[Any, Any]] = [
        (span, text.money(price.pro_rata)),
        (text("One-off costs"), text.money(price.one_off)),
    ]
    rows += [(text("VAT {rate}", rate=text.percent(vat.rate)), text.money(vat.amount)) for vat in price.vat]
    return [
        html.div(
            html.p(
                {"class": "figure"},
                text.difference(price.monthly_difference),
                " ",
                html.small(text("a month excl. VAT")),
            ),
            html.p(
                {"class": "muted"},
                text("{amount} incl. VAT", amount=text.difference(price.monthly_difference_incl)),
            ),
        ),
        total(rows, (_invoice(text, price), text.money(price.total))),
    ]


def _send(text: Translator, preview: OrderPreview, *, pending: bool, on_send: Any) -> VdomDict:
    if not preview.changing:
        return notice(text("Nothing would change on these lines."), tone="attention", mark="alert")
    grace = 0 if preview.on and preview.on > clock.today() else preview.grace_seconds
    return html.form(
        {
            "class": "stack stack-tight",
            "key": "send",
            "novalidate": True,
            "onSubmit": event(on_send, prevent_default=True),
        },
        *(notice(words, tone="attention", mark="alert") for words in preview.warnings),
        # Confirmed is what was read: other check answers come with a tick of their own.
        html.div({"key": preview.fingerprint}, check("confirmed", "yes", preview.must_confirm))
        if preview.must_confirm
        else None,
        button(
            text("Send the request"),
            kind="primary large wide",
            submit=True,
            busy=pending,
            more={"key": "submit"},
        ),
        html.p(
            {"class": "small muted"},
            text.plural(
                "Nothing leaves for {n} second: you can still undo.",
                "Nothing leaves for {n} seconds: you can still undo.",
                grace,
            ),
        )
        if grace
        else None,
    )
