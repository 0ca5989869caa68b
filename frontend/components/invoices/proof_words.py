"""What the proof of a charge says, in words: the verdict with its mark, and the reason with its request."""

from collections.abc import Mapping
from datetime import date

from reactpy import html
from reactpy.types import VdomDict

from backend.billing.proof.schemas import ProofReason, Verdict
from backend.billing.proof.service import ProvenCharge
from backend.catalog.profiles import profile
from backend.core.permissions import Permission
from frontend.components.usage.words import month_words
from frontend.elements import Child, icon
from frontend.i18n import Translator, translatable
from frontend.page_context import PageContext

R = ProofReason
REASONS = {
    R.WHOLE_PERIOD: translatable("{what}, the whole month"),
    R.SOME_DAYS: translatable("{what}, {days} of {of} days"),
    R.CREDIT: translatable("{what}: {days} days that were charged and not used"),
    R.USE: translatable("The usage that was measured in {month}"),
    R.REQUEST: translatable("Done on {on}"),
    R.SHARED_BILL: translatable("The company's part by {share}"),
    R.NOT_ON_LINE: translatable("The line does not have it. Its tariff plan is {plan}."),
    R.ENDED: translatable("Ended on {until}"),
    R.NOT_ACTIVE: translatable("The line was not active in this time"),
    R.OTHER_DAYS: translatable("{days} of {of} days follow from your requests"),
    R.OTHER_PRICE: translatable("The catalogue has another price"),
    R.TWICE: translatable("The same days are charged already: {by}"),
    R.OTHER_ACCOUNT: translatable("The line is under customer number {account}"),
    R.OTHER_CREDIT: translatable("The credit for {days} days is another amount"),
    R.OTHER_USE: translatable("The usage that was measured in {month} is another amount"),
    R.NO_REQUEST: translatable("No request of yours asked for it"),
    R.OTHER_SHARE: translatable("The company's part by {share} is another amount"),
    R.WHOLE_ACCOUNT: translatable("It is of the customer number as a whole"),
    R.UNKNOWN_NUMBER: translatable("This number is not in your fleet"),
    R.NO_CODE: translatable("The invoice does not say which tariff plan or option it is"),
    R.NOT_IN_CATALOGUE: translatable("The catalogue does not have it"),
    R.BEFORE_KNOWN: translatable("What the line had before {since} is not known here"),
    R.CHANGED_ELSEWHERE: translatable("The line was changed elsewhere, on a day that is not known here"),
    R.NO_PERIOD: translatable("The invoice does not say for which days"),
    R.NO_USE_KNOWN: translatable("No usage of {month} has come in"),
    R.USE_TOGETHER: translatable("One of several charges for usage that differ together"),
    R.AGREED_DISCOUNT: translatable("A discount that you agreed with your operator"),
    R.UNKNOWN_CREDIT: translatable("What this credit gives back is not known here"),
    R.SHARE_CHANGED: translatable("The shared bill cannot be worked out charge by charge here"),
    R.OTHER_KIND: translatable("A charge of a kind that cannot be worked out here"),
    R.CREDIT_NOTE: translatable("A credit note gives back: there is nothing to prove"),
}


def thing_name(page: PageContext, code: str) -> str:
    """The name of a plan or an option; the code itself where the catalogue has neither."""
    carrier = profile(page.profile.carrier)
    found = carrier.plan(code) or carrier.option(code)
    return page.text.pick(found.name, code) if found else code


def verdict_mark(text: Translator, charge: ProvenCharge) -> VdomDict:
    """The verdict: word, shape and colour together."""
    match charge.verdict:
        case Verdict.PROVEN:
            return html.span({"class": "proof"}, icon("check"), text("Proven"))
        case Verdict.DIFFERENT:
            return html.span({"class": "proof proof-difference"}, icon("alert"), too_much_words(text, charge))
        case Verdict.UNCHECKED:
            return html.span({"class": "proof proof-none"}, icon("minus"), text("Not checked"))
        case _:
            return html.span({"class": "proof proof-none"}, icon("clock"), text("Not looked at yet"))


def too_much_words(text: Translator, charge: ProvenCharge) -> str:
    """By how much a charge differs from what follows."""
    more = charge.too_much_cents
    if more < 0:
        return text("{amount} too little", amount=text.money(-more))
    return text("{amount} too much", amount=text.money(more))


def reason_words(page: PageContext, charge: ProvenCharge) -> list[Child]:
    """Why, with the request that says so; with what would follow where that is known."""
    if charge.reason is None:
        return []
    text, params = page.text, charge.params
    parts: list[Child] = [text(REASONS[charge.reason], **_values(page, charge.reason, params))]
    for name, words in (("since", translatable("since {day}")), ("until", translatable("until {day}"))):
        said = "{" + name + "}" in REASONS[charge.reason]
        if params.get(name) and not said:
            parts.append(f", {text(words, day=text.date(date.fromisoformat(params[name])))}")
    if reference := params.get("reference"):
        link: Child = (
            html.a({"href": f"/app/requests/{reference}"}, reference)
            if page.may(Permission.ORDERS_READ)
            else reference
        )
        parts += [", ", text("request"), " ", link]
    if charge.verdict is Verdict.DIFFERENT and charge.expected_cents:
        parts.append(f". {text('What follows is {amount}.', amount=text.money(charge.expected_cents))}")
    return parts


def _values(page: PageContext, reason: ProofReason, params: Mapping[str, str]) -> dict[str, str]:
    text = page.text
    share = profile(page.profile.carrier).split_profile(params.get("profile", ""))
    days = {
        name: text.date(date.fromisoformat(params[name]))
        for name in ("since", "until", "on")
        if params.get(name)
    }
    month = params.get("month", "")
    by = params.get("by", "")
    return {
        "what": thing_name(page, params.get("code", "")),
        "days": params.get("days", "0"),
        "of": params.get("of", ""),
        "plan": thing_name(page, params.get("plan", "")),
        "account": params.get("account", ""),
        "by": thing_name(page, by) if reason is R.TWICE else by,
        "month": month_words(text, date.fromisoformat(f"{month}-01")) if month else "",
        "share": text.pick(share.name, share.code) if share else params.get("profile", ""),
        "since": "",
        "until": "",
        "on": "",
        **days,
    }
