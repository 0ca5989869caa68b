"""The overview of a line: subscription, SIM card, PUK, contact."""

from uuid import UUID

from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.core.permissions import Permission
from backend.lines import service as lines
from backend.lines.schemas import LineDetail
from frontend.components.actions import button
from frontend.components.basics import hidden, key_values, notice, number
from frontend.components.layout import columns, panel
from frontend.components.options import names
from frontend.hooks import component, use_action, use_visit
from frontend.text import LANGUAGES
from frontend.visit import Visit


def person(detail: LineDetail) -> str:
    """The user's name as people say it."""
    return f"{detail.given_name} {detail.family_name}".strip() or detail.name


def overview(visit: Visit, detail: LineDetail) -> VdomDict:
    text = visit.text
    none = html.span({"class": "muted"}, text.context("options", "none"))
    options = names(visit, detail.options) or none
    barrings = [
        visit.text.pick(b.name, b.code)
        for b in profile(visit.profile.carrier).barrings
        if b.code in detail.barrings
    ]
    cap = (
        text("{amount} a month excl. VAT", amount=text.money(detail.roaming_cap_cents))
        if detail.roaming_cap_cents is not None
        else html.span({"class": "muted"}, text("No cap chosen"))
    )
    account = f"{detail.billing_account} {detail.billing_account_label}".strip()
    subscription = key_values(
        [
            (text("User"), person(detail) or html.span({"class": "muted"}, text("No name"))),
            (text("Holder"), [detail.holder, html.br(), html.span({"class": "muted"}, detail.address)]),
            (text("Customer number"), account),
            *([(text("Cost centre"), detail.cost_centre)] if detail.cost_centre else []),
            (text("Number type"), text("Mobile")),
            (
                text("Tariff plan"),
                [
                    detail.plan.name,
                    html.br(),
                    html.span(
                        {"class": "muted"},
                        text("{amount} a month excl. VAT", amount=text.money(detail.plan_monthly_cents)),
                    ),
                ],
            ),
            (
                text("Options"),
                options,
                html.a(
                    {"href": f"/app/lines/{detail.id}/options"},
                    text("See"),
                    hidden(f" {text('the options')}"),
                )
                if detail.options
                else None,
            ),
            (text("Barrings"), ", ".join(barrings) or html.span({"class": "muted"}, text("No barring"))),
            (
                text("Split billing"),
                detail.split_profile or html.span({"class": "muted"}, text("No profile defined")),
            ),
            (text("Cap abroad"), cap),
            (text("Active since"), text.date(detail.activated_on) if detail.activated_on else none),
        ]
    )
    contact = [(text("E-mail"), detail.email)] if detail.email else []
    if detail.language in LANGUAGES:
        contact.append((text("Language"), LANGUAGES[detail.language]))
    return columns(
        [panel("subscription", text("Subscription"), subscription)],
        [
            panel("sim", text("SIM card"), _sim(visit, detail)),
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


def _sim(visit: Visit, detail: LineDetail) -> VdomDict:
    text = visit.text
    return html.div(
        {"class": "stack stack-tight"},
        key_values(
            [
                (text("SIM number"), number(text.sim(detail.sim_number))),
                (text("Format"), text("eSIM") if detail.sim_kind == "esim" else text("Physical card")),
                (
                    text("Companion data SIM"),
                    text.sim(detail.companion_sim)
                    if detail.companion_sim
                    else html.span({"class": "muted"}, text("None linked")),
                ),
            ],
            stacked=True,
        ),
        Puk(line_id=detail.id, key="puk") if detail.has_puk and visit.may(Permission.PUK_REVEAL) else None,
    )


@component
def Puk(line_id: UUID) -> VdomDict:
    """The PUK behind "show": a recent sign-in is asked for, every showing is recorded."""
    text = use_visit().text
    code, set_code = use_state("")

    async def show(found: str) -> None:
        set_code(found)

    reveal = use_action(lines.reveal_puk, done=show)
    shown = (
        number(code)
        if code
        else html.span(html.span({"aria-hidden": "true"}, "•••• ••••"), hidden(text("hidden")))
    )
    return html.div(
        {"class": "puk", "aria-live": "polite"},
        html.div(
            html.span({"class": "muted"}, text("PUK code")),
            html.br(),
            shown,
            html.br(),
            html.span({"class": "small muted"}, text("Every showing is recorded.")),
        ),
        None
        if code
        else button(
            text("Show"),
            kind="small",
            on_click=lambda _event: reveal.run(line_id),
            busy=reveal.pending,
            more={"aria-label": text("Show the PUK code")},
        ),
        notice(reveal.problem.words, tone="danger", mark="alert", live=True) if reveal.problem else None,
    )
