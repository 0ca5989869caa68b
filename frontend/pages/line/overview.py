"""The overview of a line: user, plan, SIM card; each value with the action that changes it."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.core.formats import labelled
from backend.core.i18n import LANGUAGE_NAMES
from backend.core.permissions import Permission
from backend.lines.schemas import LineDetail
from frontend.components.actions import link_button
from frontend.components.layout import columns, panel
from frontend.components.lines.line_actions import offered, start
from frontend.components.lines.sim_secrets import ActivationCode, Puk
from frontend.components.orders.options import names
from frontend.elements import Child, hidden, key_values, number
from frontend.i18n import Translator
from frontend.labels import AGREEMENT_STATES, SIM_STATES, esim_state_words, line_state
from frontend.page_context import PageContext


def person(detail: LineDetail) -> str:
    """The user's name as people say it."""
    return f"{detail.given_name} {detail.family_name}".strip() or detail.name


def overview(page: PageContext, detail: LineDetail) -> VdomDict:
    """The first tab of a line: each value with the action that changes it beside it."""
    text = page.text
    return columns(
        [
            panel("who", text("User and invoice"), key_values(_user_and_invoice(page, detail))),
            panel("plan", text("Plan and options"), key_values(_plan_and_options(page, detail))),
        ],
        [
            panel("sim", text("SIM card and state"), _sim(page, detail)),
            html.p({"class": "small muted"}, known) if (known := _known_since(text, detail)) else None,
        ],
    )


def _known_since(text: Translator, detail: LineDetail) -> str:
    """When the network last said what stands here; "" where it said nothing yet."""
    if detail.refreshed_at:
        return text(
            "Read from the network on {moment}. A change that ended since may be missing.",
            moment=text.moment(detail.refreshed_at),
        )
    if detail.confirmed_at:
        return text("Confirmed by the network on {moment}.", moment=text.moment(detail.confirmed_at))
    return ""


def _beside(
    page: PageContext, detail: LineDetail, kind: str, words: str, value: str, *, loss: bool = False
) -> VdomDict | None:
    """The action beside a value; nothing where the person may not, or where it makes no sense for this line."""
    if not page.may(Permission.ORDERS_PLACE) or not offered(detail, kind):
        return None
    return html.a(
        {"href": start(kind, detail.id), "data-start": kind, **({"class": "link-danger"} if loss else {})},
        words,
        hidden(f" {value}"),
    )


def _row(
    page: PageContext, detail: LineDetail, kind: str, name: str, value: Child | list[Child]
) -> tuple[Any, ...]:
    """A value that a request of this kind modifies."""
    return name, value, _beside(page, detail, kind, page.text("Modify"), name)


def _user_and_invoice(page: PageContext, detail: LineDetail) -> list[tuple[Any, ...]]:
    text = page.text
    contact = ", ".join(part for part in (detail.email, LANGUAGE_NAMES.get(detail.language, "")) if part)
    user: list[Child] = [person(detail) or _muted(text("No name"))]
    if contact:
        user += [html.br(), _muted(contact)]
    account = f"{detail.billing_account} {detail.billing_account_label}".strip()
    cost_centre = detail.cost_centre or _muted(text("No cost centre"))
    return [
        _row(page, detail, "change_user", text("User"), user),
        _row(page, detail, "move_account", text("Customer number"), account),
        _row(page, detail, "change_cost_centre", text("Cost centre"), cost_centre),
        _row(page, detail, "split_billing", text("Shared billing"), _shared(page, detail)),
        (text("Holder"), [detail.holder, html.br(), _muted(detail.address)]),
    ]


def _plan_and_options(page: PageContext, detail: LineDetail) -> list[tuple[Any, ...]]:
    text = page.text
    plan: list[Child] = [
        detail.plan.name,
        html.br(),
        _muted(_a_month(text, detail.plan_monthly_cents)),
    ]
    options = names(page, detail.options) if detail.options else _muted(text.context("options", "none"))
    cap = (
        _muted(text("No cap chosen"))
        if detail.roaming_cap_cents is None
        else _a_month(text, detail.roaming_cap_cents)
    )
    barrings = _barrings(page, detail) or _muted(text("No barring"))
    return [
        _row(page, detail, "change_plan", text("Tariff plan"), plan),
        _row(page, detail, "change_options", text("Options"), options),
        _row(page, detail, "change_spend_cap", text("Cap abroad"), cap),
        _row(page, detail, "change_barrings", text("Barrings"), barrings),
        (text("Number type"), text("Mobile")),
    ]


def _muted(words: str) -> VdomDict:
    return html.span({"class": "muted"}, words)


def _a_month(text: Translator, cents: int) -> str:
    return text("{amount} a month excl. VAT", amount=text.money(cents))


def _barrings(page: PageContext, detail: LineDetail) -> str:
    known = profile(page.profile.carrier).barrings
    return ", ".join(page.text.pick(one.name, one.code) for one in known if one.code in detail.barrings)


def _state(page: PageContext, detail: LineDetail) -> list[tuple[Any, ...]]:
    text = page.text
    since = text.date(detail.activated_on) if detail.activated_on else _muted(text("Not known yet"))
    name = text("Status")
    actions = [
        _beside(page, detail, "suspend", text("Suspend"), name),
        _beside(page, detail, "reactivate", text("Reactivate"), name),
        _beside(page, detail, "terminate", text("Terminate"), name, loss=True),
    ]
    shown = html.span({"class": "row"}, *actions) if any(actions) else None
    return [(name, line_state(text, detail.status), shown), (text("Active since"), since)]


def _sim(page: PageContext, detail: LineDetail) -> VdomDict:
    text, esim = page.text, detail.esim
    card = [(text("State of the card"), text(SIM_STATES[detail.sim_state]))] if detail.sim_state else []
    ready = esim is not None and not esim.why_not and not esim.waits_for_user
    code = ready and page.may(Permission.ESIM_REVEAL)
    number_name = text("SIM number")
    sim = number(text.sim(detail.sim_number)) if detail.sim_number else _muted(text("Not known yet"))
    form = text("eSIM") if detail.sim_kind == "esim" else text("Physical card")
    companion = text.sim(detail.companion_sim) if detail.companion_sim else _muted(text("None linked"))
    return html.div(
        {"class": "stack stack-tight"},
        key_values(
            [
                *_state(page, detail),
                (number_name, sim, _beside(page, detail, "replace_sim", text("Replace"), number_name)),
                _row(page, detail, "request_esim", text("Format"), form),
                *card,
                *_esim(page, detail),
                (text("Companion data SIM"), companion),
            ],
            stacked=True,
        ),
        _send_again(page, detail),
        ActivationCode(line_id=detail.id, key="code") if code else None,
        Puk(line_id=detail.id, key="puk") if detail.has_puk and page.may(Permission.PUK_REVEAL) else None,
    )


def _esim(page: PageContext, detail: LineDetail) -> list[tuple[str, Any]]:
    """The latest profile: on its way, or the one in use."""
    text, esim = page.text, detail.esim
    if esim is None or (esim.state in {"revoked", "deleted"} and detail.sim_kind != "esim"):
        return []
    rows: list[tuple[str, Any]] = []
    if esim.sim_number and esim.sim_number != detail.sim_number:
        rows.append((text("New eSIM number"), number(text.sim(esim.sim_number))))
    rows.append((text("State of the eSIM"), esim_state_words(text, esim)))
    if esim.sent_at and not esim.mail_refused:
        sent = text("{moment}, to {email}", moment=text.moment(esim.sent_at), email=esim.email)
        times = text.plural("sent {n} time", "sent {n} times", esim.sent_count)
        rows.append((text("Mail with the code"), [sent, html.br(), _muted(times)]))
    elif esim.mail_refused:
        refused = text("Could not be delivered to {email}", email=esim.email)
        rows.append((text("Mail with the code"), refused))
    if esim.confirmed_at:
        rows.append((text("Confirmed by the user"), text.moment(esim.confirmed_at)))
    return rows


def _send_again(page: PageContext, detail: LineDetail) -> VdomDict | None:
    """The same mail once more while its code can be used; otherwise a new eSIM."""
    text, esim = page.text, detail.esim
    if esim is None or not page.may(Permission.ORDERS_PLACE):
        return None
    if not esim.why_not:
        return html.div(
            link_button(
                text("Send the eSIM mail again"), start("resend_esim", detail.id), mark="mail", kind="small"
            )
        )
    if esim.why_not == "esim_expired":
        return html.div(
            link_button(
                text("Request a new eSIM"), start("request_esim", detail.id), mark="refresh", kind="small"
            )
        )
    return None


def _shared(page: PageContext, detail: LineDetail) -> Child | list[Child]:
    """The profile in force, and how far a contract is."""
    text, known = page.text, profile(page.profile.carrier)
    chosen = known.split_profile(detail.split_profile)
    name: Child = (
        text.pick(chosen.name) if chosen else detail.split_profile or _muted(text("No profile defined"))
    )
    agreement = detail.agreement
    if agreement is None or agreement.state == "active":
        return name
    wanted = known.split_profile(agreement.profile)
    what = text.pick(wanted.name) if wanted else agreement.profile
    said = labelled(text.language, what, text(AGREEMENT_STATES[agreement.state]))
    parts: list[Child] = [name, html.br(), _muted(said)]
    return (
        [*parts, html.br(), html.span(text("“{reason}”", reason=agreement.reason))]
        if agreement.reason
        else parts
    )
