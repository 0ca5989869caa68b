"""What a light request would do, above its button: on the one line, or counted over several, with what is left out."""

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.lifecycle import ItemState
from backend.orders.outcome_texts import OutcomeTexts
from backend.orders.schemas import OrderPreview
from frontend.components.forms import check
from frontend.components.orders.outcome import outcome_texts
from frontend.components.orders.shared_price import shared_price
from frontend.elements import Child, icon, notice
from frontend.page_context import PageContext

# Requests under way that are named, because of which lines stay as they are
MOST_LINKS = 5


def effect(page: PageContext, preview: OrderPreview) -> VdomDict:
    """The changes with their old and new values, then warnings, and the sentence to be ticked where there is one."""
    text = page.text
    return html.div(
        {"class": "stack stack-tight", "key": "effect", "role": "status"},
        # What was displayed when the button was pressed is what counts as read
        html.input({"type": "hidden", "name": "shown", "value": preview.fingerprint, "key": "shown"}),
        html.p({"class": "label", "key": "title"}, text("What will happen")),
        html.ul({"class": "effects", "key": "changes"}, *_changes(page, preview)),
        shared_price(page, preview.price) if preview.price.monthly_difference else None,
        *(
            html.div({"key": words}, notice(words, tone="attention", mark="alert"))
            for words in preview.warnings
        ),
        *(html.div({"key": words}, notice(words)) for words in preview.information),
        # Confirmed is what was read: another effect comes with a tick of its own
        html.div(
            {"key": preview.fingerprint, "id": "confirmed", "tabindex": "-1"},
            check("confirmed", "yes", preview.must_confirm),
        )
        if preview.must_confirm
        else None,
    )


def _changes(page: PageContext, preview: OrderPreview) -> list[VdomDict]:
    text, texts = page.text, OutcomeTexts(page.text.language)
    said: list[tuple[str, bool]] = []
    alike = {tuple(item.words) for item in preview.items if item.state is not ItemState.SKIPPED}
    if preview.total_lines > 1 and preview.changing:
        said.append((text.plural("{n} line changes", "{n} lines change", preview.changing), False))
    if len(alike) == 1:
        said += [(words, False) for words in alike.pop()]
    if preview.price.monthly_difference:
        amount = text.difference(preview.price.monthly_difference)
        said.append((text("{amount} a month excl. VAT", amount=amount), False))
    if preview.total_lines == 1:
        (item,) = preview.items
        said += [
            (texts.left_out(words), True) if what in item.left_out else (words, False)
            for what, words in zip(item.notes, item.noted, strict=True)
        ]
    else:
        why = outcome_texts(page, preview.kind)
        said += [(why.left_out_count(one.reason, one.wishes), True) for one in preview.left_out]
    said += [
        (
            texts.with_reason(
                text.plural("{n} line stays as it is", "{n} lines stay as they are", one.lines),
                one.why.rstrip("."),
            ),
            one.missing,
        )
        for one in preview.skipped_by
    ]
    # A warning says it below
    links = [
        html.li({"key": reference}, html.a({"href": f"/app/requests/{reference}"}, words))
        for reference in sorted({item.open_order for item in preview.items if item.open_order})[:MOST_LINKS]
        for words in (text("See the request {reference}", reference=reference),)
    ]
    rows = [_row(words, missing=missing) for words, missing in said if words not in preview.warnings]
    return [*rows, *links]


def _row(words: str, *, missing: bool) -> VdomDict:
    mark: list[Child] = [icon("alert", "icon-small", "icon-attention"), " "] if missing else []
    return html.li({"key": words}, *mark, words)
