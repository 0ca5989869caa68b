"""What was chosen, what it costs per line, and for which lines."""

from typing import Any

from reactpy import html
from reactpy.types import VdomDict

from backend.orders.kinds.change_options import OptionChoice
from backend.orders.schemas import DraftView
from frontend.components.actions import button
from frontend.elements import Child, hidden, icon, number, total
from frontend.i18n import Translator


def summary(
    text: Translator, view: DraftView, day: Child, on_leave: Any, on_drop: Any, on_check: Any
) -> VdomDict:
    """What is chosen and its price, the `day`, and the lines, of which each can be taken out."""
    chosen = [(c, 1) for c in view.choices if c.code in view.asked.kind_fields["add"]] + [
        (c, -1) for c in view.choices if c.code in view.asked.kind_fields["remove"]
    ]
    monthly = sum(sign * c.price_cents for c, sign in chosen if c.charge == "monthly")

    def entry(choice: OptionChoice, sign: int) -> tuple[Child, Child]:
        leave = html.button(
            {
                "class": "icon-button icon-button-small",
                "type": "button",
                "value": choice.code,
                "onClick": on_leave,
            },
            icon("close", "icon-small"),
            hidden(text("Leave {option} as it is", option=choice.name)),
        )
        name = html.span({"class": "row row-fixed summary-name"}, leave, html.span(choice.name))
        if choice.charge != "monthly":
            cents = choice.price_cents if sign > 0 else 0
            return name, html.span(text("{amount} once", amount=text.money(cents)))
        cents = sign * choice.price_cents
        tone = "difference-down" if cents < 0 else "difference-up"
        return name, html.span({"class": tone}, text.difference(cents))

    body: list[Child] = []
    if chosen:
        rows = [entry(choice, sign) for choice, sign in chosen]
        body.append(total(rows, (text("A month, per line"), text.difference(monthly))))
        body.append(
            html.p(
                {"class": "small muted"}, text("Excl. VAT. The exact price of each line is in the next step.")
            )
        )
    else:
        body.append(html.p({"class": "muted"}, text("Nothing chosen yet.")))
    body.append(day)
    body.append(
        button(text("Check the price"), kind="primary large wide", on_click=on_check, more={"key": "check"})
    )
    body.append(_lines(text, view, on_drop))
    return html.aside(
        {"class": "aside-sticky panel", "aria-labelledby": "sum", "key": "summary"},
        html.div({"class": "panel-header"}, html.h2({"id": "sum"}, text("Your changes"))),
        html.div({"class": "panel-body stack", "aria-live": "polite", "key": "body"}, *body),
    )


def _lines(text: Translator, view: DraftView, on_drop: Any) -> VdomDict:
    more = view.total_lines - len(view.lines)
    return html.details(
        {"class": "more", "key": "lines"},
        html.summary(text.plural("The line chosen", "The {n} lines chosen", view.total_lines)),
        html.ul(
            {"class": "file-list small"},
            *(
                html.li(
                    {"key": str(line.line_id)},
                    number(text.msisdn(line.msisdn)),
                    html.span({"class": "muted"}, line.name),
                    html.button(
                        {
                            "class": "icon-button icon-button-small",
                            "type": "button",
                            "value": str(line.line_id),
                            "onClick": on_drop,
                        },
                        icon("close", "icon-small"),
                        hidden(text("Take {number} out", number=text.msisdn(line.msisdn))),
                    )
                    if view.total_lines > 1
                    else None,
                )
                for line in view.lines
            ),
        ),
        html.p({"class": "small muted"}, text.plural("and {n} more line", "and {n} more lines", more))
        if more > 0
        else None,
    )
