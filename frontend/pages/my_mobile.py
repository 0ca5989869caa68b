"""My mobile: a person's own lines, with holder, number, plan and options."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.catalog.profiles import profile
from backend.lines import service as lines
from backend.lines.schemas import LineDetail
from backend.notifications.content import REFUSED_TOPIC, Channel
from frontend.components.layout import columns, empty, page_header, panel
from frontend.components.lines.sim_secrets import ActivationCode, Puk
from frontend.components.loading import not_ready
from frontend.components.usage.own_usage import OwnUsagePanel
from frontend.elements import icon, key_values, notice, number, pill
from frontend.hooks import component, use_page
from frontend.labels import FAMILIES, esim_state_words, line_state
from frontend.page_context import PageContext
from frontend.queries import use_query


@component
def MyMobilePage() -> VdomDict:
    page = use_page()
    text = page.text
    found = use_query(lines.own_lines, topics=("fleet", "orders", REFUSED_TOPIC))
    head = page_header(
        text("Hello {name}", name=page.actor.name.split(" ")[0]),
        html.p(text("Your line at {company}", company=page.profile.tenant)),
    )
    if found.data is None:
        return html.div(head, not_ready(text, found))
    if not found.data:
        return html.div(
            head,
            html.section(
                {"class": "panel"},
                empty(
                    text("No line is linked to you"),
                    text("Ask your fleet manager to link your number to your account."),
                ),
            ),
        )
    return html.div(
        head,
        _unreached(page, found.data),
        OwnUsagePanel(key="usage"),
        html.div({"class": "section-below stack"}, *(_line(page, line) for line in found.data)),
    )


def _unreached(page: PageContext, own: Sequence[LineDetail]) -> VdomDict | None:
    """That the last mail to the reader was refused: the lines of one user have one address."""
    text = page.text
    refused = next((line for line in own if line.refused_channel == Channel.MAIL), None)
    if refused is None:
        return None
    return html.div(
        {"id": "unreached", "class": "before-columns"},
        notice(
            html.strong(text("The last mail to {email} could not be delivered.", email=refused.email)),
            " ",
            text("A fleet manager has to correct the address."),
            tone="attention",
            mark="mail",
        ),
    )


def _line(page: PageContext, line: LineDetail) -> VdomDict:
    text, known = page.text, profile(page.profile.carrier)
    options = [option for code in line.options if (option := known.option(code))]
    about = key_values(
        [
            (text("Number"), html.strong(number(text.msisdn(line.msisdn)))),
            (text("Holder"), line.holder),
            (text("Tariff plan"), line.plan.name),
            (text("Status"), line_state(text, line.status)),
        ]
    )
    esim = line.esim
    rows: list[tuple[str, VdomDict | str]] = [
        (text("SIM number"), number(text.sim(line.sim_number))),
        (text("Format"), text("eSIM") if line.sim_kind == "esim" else text("Physical card")),
    ]
    if esim is not None and esim.state not in {"revoked", "deleted"}:
        rows.append((text("State of the eSIM"), esim_state_words(text, esim)))
    sim = html.div(
        {"class": "stack stack-tight"},
        key_values(rows, stacked=True),
        ActivationCode(line_id=line.id, own=True, key=f"code-{line.id}")
        if esim is not None and not esim.why_not and not esim.waits_for_user
        else None,
        Puk(line_id=line.id, own=True, key=f"puk-{line.id}") if line.has_puk else None,
    )
    entries = [
        html.li(
            {"key": option.code},
            icon(FAMILIES[option.family][1]),
            html.div(
                html.h3(text.pick(option.name)), html.p({"class": "muted"}, text.pick(option.description))
            ),
            pill(text("Active"), "active", "dot"),
        )
        for option in options
    ]
    mine = (
        html.ul({"class": "todo"}, *entries)
        if entries
        else empty(text("No option on this line"), text("Ask your fleet manager when you need one."))
    )
    return html.div(
        {"key": str(line.id)},
        columns(
            [
                panel(f"line-{line.id}", text("My subscription"), about),
                panel(f"options-{line.id}", text("My options"), mine, bare=True),
            ],
            [panel(f"sim-{line.id}", text("My SIM"), sim)],
        ),
    )
