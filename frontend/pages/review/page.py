"""Check answers: what happens on each line, what it costs, and the button that sends it."""

from typing import Any
from uuid import UUID

from reactpy import event, html, use_state
from reactpy.types import VdomDict

from backend.core import clock
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.placement import drafts
from backend.orders.schemas import ItemPreview, OrderDetail, OrderPreview
from frontend.components.actions import button, link_button
from frontend.components.forms import check
from frontend.components.layout import breadcrumb, columns, page_header, panel
from frontend.components.loading import draft_not_ready
from frontend.components.orders.unsent import UNCONFIRMED, unsent_in, unsent_notice, unsent_query
from frontend.components.steps import steps
from frontend.elements import Child, notice, number
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator
from frontend.page_errors import PageError
from frontend.pages.review.costs import changing, costs, differences
from frontend.pages.review.file_note import FileNote
from frontend.pages.review.lines import lines_in_preview
from frontend.pages.review.request import answers
from frontend.queries import use_query

# Lines whose reason is named, where nothing would change
MOST_REASONS = 10


@component
def ReviewPage(draft: str, query: str) -> VdomDict:
    page = use_page()
    unsent = unsent_in(query)
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

    send = use_mutation(drafts.submit_draft, done=placed, failed=refused, back_with=_unsent)
    if found.data is None:
        return html.div(draft_not_ready(text, found, _back(text, back)))

    async def sent(event_: Any) -> None:
        confirmed = bool(event_["target"]["values"].get("confirmed"))
        send.run(draft_id, fingerprint=preview.fingerprint, confirmed=confirmed)

    preview = found.data
    # A loss is confirmed anew
    ticked = preview.fingerprint == unsent and preview.kind not in LOSSES
    form = (
        _send(text, preview, pending=send.pending, on_send=sent, ticked=ticked) if preview.changing else None
    )
    return html.div(
        _header(text, preview, back),
        steps(text, preview.kind, draft, "review", preview.upload_id),
        FileNote(upload_id=preview.upload_id, key="file") if preview.upload_id else None,
        unsent_notice(text, to_confirm=bool(preview.must_confirm) and not ticked)
        if unsent and not send.problem
        else None,
        _problem(text, send.problem, outdated, preview) if send.problem else None,
        _missing(text, preview) if preview.missing and preview.changing else None,
        columns(
            [
                panel("what", text("Your request"), answers(page, preview, back)),
                lines_in_preview(page, preview) if preview.changing else None,
            ],
            [
                panel("cost", cost_title(text, preview), *costs(page, preview), form)
                if preview.changing
                else panel("nothing", text("Nothing to send"), *_nothing(text, preview)),
                _back(text, back),
            ],
            sticky=True,
        ),
    )


def cost_title(text: Translator, preview: OrderPreview) -> str:
    """Above the price: a credit is no cost."""
    return text("What changes on your invoice") if preview.price.total < 0 else text("What it costs")


def _unsent(_draft: UUID, *, fingerprint: str, confirmed: bool) -> str:
    """The query with which this page is opened again after a sign-in."""
    return unsent_query(fingerprint if confirmed else UNCONFIRMED)


def _header(text: Translator, preview: OrderPreview, back: str) -> VdomDict:
    changes = changing(text, preview) if preview.changing else text("Nothing changes")
    stays = text.plural("{n} line stays as it is", "{n} lines stay as they are", preview.skipped)
    return page_header(
        text("Check before you send"),
        html.p(f"{changes}, {stays}." if preview.skipped else f"{changes}."),
        crumbs=breadcrumb(text, (text("Fleet"), "/app/fleet"), (preview.title, back), (text("Check"), None)),
    )


def _missing(text: Translator, preview: OrderPreview) -> VdomDict:
    """How much of what is asked will not be done; each stands beside its line."""
    words = OutcomeTexts(text.language).missing(preview.missing)
    return html.div(
        {"class": "before-columns", "key": "missing"}, notice(words, tone="attention", mark="alert")
    )


def _problem(
    text: Translator, problem: PageError, outdated: OrderPreview | None, preview: OrderPreview
) -> VdomDict:
    """Why it was not sent. The page moves focus here, each time that something else is found changed."""
    changed = differences(text, outdated, preview) if outdated else None
    return html.div(
        {
            "class": "before-columns",
            "tabindex": "-1",
            "key": f"problem {outdated.fingerprint if outdated else ''}",
        },
        notice(problem.words, tone="danger", mark="alert", live=True, action=changed),
    )


def _back(text: Translator, to: str) -> VdomDict:
    return link_button(text("Back to the choice"), to, mark="left", kind="quiet")


def _nothing(text: Translator, preview: OrderPreview) -> list[Child]:
    """Why nothing would be sent, line by line, with the request that is under way on it where that is why."""
    return [
        notice(text("Nothing would change on these lines."), tone="attention", mark="alert"),
        *(_reason(text, item) for item in preview.items[:MOST_REASONS]),
    ]


def _reason(text: Translator, item: ItemPreview) -> VdomDict:
    to = f"/app/requests/{item.open_order}"
    words = ", ".join(item.noted) or item.why
    return html.p(
        {"key": str(item.line_id)},
        html.strong(number(text.msisdn(item.msisdn) if item.msisdn else text("New number"))),
        html.br(),
        f"{words.rstrip('.')}.",
        [html.br(), html.a({"href": to}, text("See the request {reference}", reference=item.open_order))]
        if item.open_order
        else None,
    )


def nothing_outdated() -> OrderPreview | None:
    """No check answers were pressed that are other by now."""
    return None


# After these a number is lost to the company: the button is red
LOSSES = frozenset({"terminate", "convert_to_prepaid"})


def _sends(text: Translator, preview: OrderPreview) -> str:
    """What the button does; a loss is called by its name."""
    match preview.kind:
        case "terminate":
            return text.plural(
                "Terminate this number for good", "Terminate these {n} numbers for good", preview.changing
            )
        case "convert_to_prepaid":
            return text.plural(
                "Convert this number to prepaid", "Convert these {n} numbers to prepaid", preview.changing
            )
        case _:
            return text("Send the request")


def _send(text: Translator, preview: OrderPreview, *, pending: bool, on_send: Any, ticked: bool) -> VdomDict:
    grace = 0 if preview.on and preview.on > clock.today() else preview.grace_seconds
    return html.form(
        {
            "class": "stack stack-tight",
            "key": "send",
            "novalidate": True,
            "onSubmit": event(on_send, prevent_default=True),
        },
        *(notice(words, tone="attention", mark="alert") for words in preview.warnings),
        *(notice(words) for words in preview.information),
        # Confirmed is what was read: other check answers come with a tick of their own.
        html.div({"key": preview.fingerprint}, check("confirmed", "yes", preview.must_confirm, ticked=ticked))
        if preview.must_confirm
        else None,
        button(
            _sends(text, preview),
            kind="loss large wide" if preview.kind in LOSSES else "primary large wide",
            submit=True,
            busy=pending,
            more={"key": "submit"},
        ),
        html.p(
            {"class": "small muted"},
            text.plural(
                "Nothing goes to the operator for {n} second: you can still undo.",
                "Nothing goes to the operator for {n} seconds: you can still undo.",
                grace,
            ),
        )
        if grace
        else None,
    )
