"""Meters of bundles and of the cap abroad."""

from collections.abc import Sequence
from datetime import datetime

from reactpy import html
from reactpy.types import VdomDict

from backend.usage.lifecycle import CapState, percent_of
from backend.usage.schemas import Bucket, Cap
from frontend.components.usage.words import amount_words, bucket_words
from frontend.elements import Child, classes, pill
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

CAP_STATES = {
    CapState.BELOW: (translatable("Below the cap"), "active", "dot"),
    CapState.WARNED: (translatable("{percent} reached"), "attention", "alert"),
    CapState.BLOCKED: (translatable("Data abroad stopped"), "lost", "pause"),
}
# Per cent
ATTENTION = 80


def meter(head: str, figure: str, share: float | None, *foot: str, beside: Child = None) -> VdomDict:
    """One meter: name, figure, a bar (none where there is no limit), and words under it that say it all again."""
    full = share is not None and share * 100 >= ATTENTION
    bar = None
    if share is not None:
        width = f"{min(max(share, 0.0), 1.0) * 100:.1f}%"
        bar = html.svg(
            {"aria-hidden": "true"},
            html.svg.rect({"class": "meter-track", "width": "100%", "height": "100%", "rx": "4"}),
            html.svg.rect({"class": "meter-fill", "width": width, "height": "100%", "rx": "4"}),
        )
    return html.div(
        {"class": classes("meter", "meter-attention" if full else None), "key": head},
        html.div({"class": "meter-head"}, html.h3(head), html.span(html.strong(figure), " ", beside)),
        bar,
        html.div({"class": "meter-foot"}, *(html.span(words) for words in foot if words)),
    )


def bucket_meter(page: PageContext, bucket: Bucket, *, left: bool = False) -> VdomDict:
    """A bundle: how much of it is used, or with `left` how much of it is left."""
    text = page.text
    used = amount_words(text, bucket.used, bucket.unit)
    measured = text("measured on {moment}", moment=text.moment(bucket.measured_at))
    name = bucket_words(page, bucket.bucket)
    if bucket.allowance is None:
        return meter(name, text("unlimited"), None, text("{amount} used", amount=used), measured)
    whole = amount_words(text, bucket.allowance, bucket.unit)
    share = bucket.used / bucket.allowance if bucket.allowance else 1.0
    of = html.span({"class": "muted"}, text("of {amount}", amount=whole))
    words = text("{percent} used", percent=text.percent(int(share * 100)))
    if left:
        rest = amount_words(text, max(bucket.allowance - bucket.used, 0), bucket.unit)
        words = text("{used} used of {whole}", used=text.percent(int(share * 100)), whole=whole)
        return meter(name, rest, share, words, measured, beside=html.span({"class": "muted"}, text("left")))
    return meter(name, used, share, words, measured, beside=of)


def bundle_meters(page: PageContext, buckets: Sequence[Bucket], *, left: bool = False) -> VdomDict:
    """One meter a bundle, or a sentence where there is none."""
    if not buckets:
        return html.p({"class": "muted"}, page.text("No bundle was measured this month."))
    return html.div({"class": "stack"}, *(bucket_meter(page, bucket, left=left) for bucket in buckets))


def cap_meter(text: Translator, cap: Cap, *, left: bool = False) -> VdomDict:
    """Data abroad outside the bundle against the cap, with its state in words; with `left`, what of it is left."""
    spent = text.money(cap.spent_cents)
    head = text("Data abroad outside the bundle")
    if cap.cap_cents is None:
        return meter(head, spent, None, text("No cap chosen"), text("excl. VAT"))
    if not cap.cap_cents:
        # Nothing may be spent, and mostly nothing is: no share of nothing, and nobody has to act
        never = text("Data abroad stops as soon as the bundle is used up.")
        return meter(head, spent if cap.spent_cents else text("no paid data"), None, never)
    words, tone, shape = CAP_STATES[cap.state]
    share = cap.spent_cents / cap.cap_cents
    of = html.span({"class": "muted"}, text("of {amount}", amount=text.money(cap.cap_cents)))
    percent = percent_of(cap.spent_cents, cap.cap_cents)
    until = text("for this month only") if cap.raised else text("every month")
    cap_said = text("Cap {when}, excl. VAT", when=until)
    if left:
        rest = text.money(max(cap.cap_cents - cap.spent_cents, 0))
        used = text("{used} used of {whole}", used=spent, whole=text.money(cap.cap_cents))
        beside = html.span({"class": "muted"}, text("left"))
        drawn = meter(head, rest, share, used, cap_said, beside=beside)
    else:
        drawn = meter(head, spent, share, cap_said, beside=of)
    return html.div(
        {"class": "stack stack-tight", "key": "cap"},
        drawn,
        html.div(pill(text(words, percent=text.percent(percent)), tone, shape)),
    )


def provisional(text: Translator, until: datetime | None) -> VdomDict:
    """Up to when usage is known. Where nothing has come in, nobody knows that nothing was used."""
    words = (
        text("Provisional until billed. As of {moment}.", moment=text.moment(until))
        if until
        else text("Nothing has come in for this month yet: what was used is not known.")
    )
    return html.p({"class": "small muted"}, words)
