"""The secrets of a SIM behind "show": a recent sign-in is asked for, every showing is recorded."""

from uuid import UUID

import segno
from reactpy import html, use_state
from reactpy.types import VdomDict

from backend.lines.sims import codes
from backend.lines.sims.codes import EsimCode
from frontend.components.actions import button
from frontend.elements import hidden, key_values, notice, number
from frontend.hooks import component, use_mutation, use_page
from frontend.i18n import Translator

# Modules of white around a QR code, without which cameras do not find it
QUIET = 4


@component
def Puk(line_id: UUID, own: bool = False) -> VdomDict:
    """The PUK; one's `own` in the user portal."""
    text = use_page().text
    code, set_code = use_state("")

    async def show(found: str) -> None:
        set_code(found)

    reveal = use_mutation(codes.reveal_own_puk if own else codes.reveal_puk, done=show)
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


@component
def ActivationCode(line_id: UUID, own: bool = False) -> VdomDict:
    """The eSIM's code, as a QR code to scan and in parts to type in."""
    text = use_page().text
    nothing: EsimCode | None = None
    code, set_code = use_state(nothing)

    async def show(found: EsimCode) -> None:
        set_code(found)

    use_case = codes.reveal_own_activation_code if own else codes.reveal_activation_code
    reveal = use_mutation(use_case, done=show)
    if code is not None:
        return html.div({"class": "stack stack-tight", "aria-live": "polite"}, *_code(text, code))
    return html.div(
        {"class": "puk", "aria-live": "polite"},
        html.div(
            html.span({"class": "muted"}, text("eSIM code")),
            html.br(),
            html.span({"aria-hidden": "true"}, "•••• ••••"),
            hidden(text("hidden")),
            html.br(),
            html.span({"class": "small muted"}, text("Whoever sees it can take over the number.")),
        ),
        button(
            text("Show"),
            kind="small",
            on_click=lambda _event: reveal.run(line_id),
            busy=reveal.pending,
            more={"aria-label": text("Show the eSIM code")},
        ),
        notice(reveal.problem.words, tone="danger", mark="alert", live=True) if reveal.problem else None,
    )


def _code(text: Translator, code: EsimCode) -> list[VdomDict]:
    rows = [
        (text("SM-DP+ address"), html.span({"class": "code"}, code.address)),
        (text("Activation code"), html.span({"class": "code"}, code.matching_id)),
    ]
    if code.confirmation_code:
        rows.append((text("Confirmation code"), html.span({"class": "code"}, code.confirmation_code)))
    if code.valid_until:
        rows.append((text("Valid until"), html.span(text.moment(code.valid_until))))
    return [
        qr(code.qr, text("QR code of the eSIM. The same as text follows.")),
        key_values(rows, stacked=True),
        html.p({"class": "small muted"}, text("Every showing is recorded.")),
    ]


def qr(content: str, label: str) -> VdomDict:
    """A QR code drawn in the page: nothing is fetched, and nothing of it is kept."""
    rows = [list(row) for row in segno.make_qr(content, error="m").matrix]
    size = len(rows) + 2 * QUIET
    parts = [
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    ]
    return html.svg(
        {"class": "qr", "viewBox": f"0 0 {size} {size}", "role": "img", "aria-label": label},
        html.svg.path({"d": "".join(parts)}),
    )
