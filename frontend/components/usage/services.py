"""What was used in a month, by service."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from backend.usage.schemas import ServiceUse
from frontend.components.usage.words import amount_words, service_words
from frontend.i18n import Translator


def services_table(text: Translator, services: Sequence[ServiceUse], cents: str, total: int) -> VdomDict:
    """What was used in a month, with what it costs the reader."""
    rows = [
        html.tr(
            {"key": f"{use.service}{use.unit}{use.roaming}"},
            html.th(
                {"scope": "row"},
                service_words(text, use.service),
                html.span({"class": "cell-sub"}, text("abroad") if use.roaming else text("in Belgium")),
            ),
            html.td({"class": "amount"}, amount_words(text, use.amount, use.unit)),
            html.td({"class": "amount"}, text.money(use.cents)),
        )
        for use in services
    ]
    return html.div(
        {"class": "table-wrap"},
        html.table(
            {"class": "table"},
            html.caption({"class": "visually-hidden"}, text("Usage of the month by service")),
            html.thead(
                html.tr(
                    html.th({"scope": "col"}, text("Service")),
                    html.th({"scope": "col", "class": "amount"}, text("Used")),
                    html.th({"scope": "col", "class": "amount"}, cents),
                )
            ),
            html.tbody(*rows),
            html.tfoot(
                html.tr(
                    html.th({"scope": "row"}, text("Total")),
                    html.td(),
                    html.td({"class": "amount"}, text.money(total)),
                )
            ),
        ),
    )
