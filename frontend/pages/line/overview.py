"""The overview of a line: subscription, SIM card, PUK, contact."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.core.i18n import LANGUAGE_NAMES
from backend.core.permissions import Permission
from backend.lines.schemas import LineDetail
from frontend.components.actions import link_button
from frontend.components.layout import columns, panel
from frontend.components.lines.line_actions import start
from frontend.components.lines.sim_secrets import ActivationCode, Puk
from frontend.components.orders.options import names
from frontend.elements import Child, hidden, key_values, number
from frontend.i18n import Translator
from frontend.labels import AGREEMENT_STATES, SIM_STATES, esim_state_words
from frontend.page_context import PageContext


def person(detail: LineDetail) -> str:
    """The user's name as people say it."""
    return f"{detail.given_name} {detail.family_name}".strip() or detail.name


def overview(page: PageContext, detail: LineDetail) -> VdomDict:
    """The first tab of a line: its subscription beside its SIM and the contact of its user."""
    text, contact = page.text, _contact(page.text, detail)
    return columns(
        [panel("subscription", text("Subscription"), _subscription(page, detail))],
        [
            panel("sim", text("SIM card"), _sim(page, detail)),
            panel("contact", text("Contact"), key_values(contact, stacked=True)) if contact else None,
            html.p(
                {"class": "small muted"},
                text(
                    "Read from the network on {moment}. A change that ended since may be missing.",
                    moment=text.moment(detail.refreshed_at),
                ),
            )
            if detail.refreshed_at
            else None,
        ],
    )


def _subscription(page: PageContext, detail: LineDetail) -> VdomDict:
    text = page.text
    account = f"{detail.billing_account} {detail.billing_account_label}".strip()
    since = text.date(detail.activated_on) if detail.activated_on else _muted(text("Not known yet"))
    return key_values(
        [
            (text("User"), person(detail) or _muted(text("No name"))),
            (text("Holder"), [detail.holder, html.br(), _muted(detail.address)]),
            (text("Customer number"), account),
            *([(text("Cost centre"), detail.cost_centre)] if detail.cost_centre else []),
            (text("Number type"), text("Mobile")),
            (
                text("Tariff plan"),
                [detail.plan.name, html.br(), _muted(_a_month(text, detail.plan_monthly_cents))],
            ),
            _options(page, detail),
            (text("Barrings"), _barrings(page, detail) or _muted(text("No barring"))),
            (text("Split billing"), _shared(page, detail)),
            (
                text("Cap abroad"),
                _muted(text("No cap chosen"))
                if detail.roaming_cap_cents is None
                else _a_month(text, detail.roaming_cap_cents),
            ),
            (text("Active since"), since),
        ]
    )


def _muted(words: str) -> VdomDict:
    return html.span({"class": "muted"}, words)


def _a_month(text: Translator, cents: int) -> str:
    return text("{amount} a month excl. VAT", amount=text.money(cents))


def _options(page: PageContext, detail: LineDetail) -> tuple[Any, ...]:
    text = page.text
    if not detail.options:
        return text("Options"), _muted(text.context("options", "none")), None
    link = {"href": f"/app/lines/{detail.id}/options"}
    see = html.a(link, text("See"), hidden(f" {text('the options')}"))
    return text("Options"), names(page, detail.options), see


def _barrings(page: PageContext, detail: LineDetail) -> str:
    known = profile(page.profile.carrier).barrings
    return ", ".join(page.text.pick(one.name, one.code) for one in known if one.code in detail.barrings)


def _contact(text: Translator, detail: LineDetail) -> list[tuple[str, str]]:
    contact = [(text("E-mail"), detail.email)] if detail.email else []
    if detail.language in LANGUAGE_NAMES:
        contact.append((text("Language"), LANGUAGE_NAMES[detail.language]))
    return contact


def _sim(page: PageContext, detail: LineDetail) -> VdomDict:
    text, esim = page.text, detail.esim
    state = [(text("State of the card"), text(SIM_STATES[detail.sim_state]))] if detail.sim_state else []
    ready = esim is not None and not esim.why_not and not esim.waits_for_user
    code = ready and page.may(Permission.ESIM_REVEAL)
    return html.div(
        {"class": "stack stack-tight"},
        key_values(
            [
                (
                    text("SIM number"),
                    number(text.sim(detail.sim_number))
                    if detail.sim_number
                    else _muted(text("Not known yet")),
                ),
                (text("Format"), text("eSIM") if detail.sim_kind == "esim" else text("Physical card")),
                *state,
                *_esim(page, detail),
                (
                    text("Companion data SIM"),
                    text.sim(detail.companion_sim) if detail.companion_sim else _muted(text("None linked")),
                ),
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
    if esim.sent_at:
        sent = text("{moment}, to {email}", moment=text.moment(esim.sent_at), email=esim.email)
        times = text.plural("sent {n} time", "sent {n} times", esim.sent_count)
        rows.append((text("Mail with the code"), [sent, html.br(), _muted(times)]))
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
    said = f"{what}: {text(AGREEMENT_STATES[agreement.state])}"
    parts: list[Child] = [name, html.br(), _muted(said)]
    return [*parts, html.br(), html.span(agreement.reason)] if agreement.reason else parts
