"""The lines of the fleet by their state: a bar and its figures."""

from reactpy import html
from reactpy.types import VdomDict

from backend.lines import service as lines
from backend.lines.schemas import FleetSummary
from frontend.components.layout import panel
from frontend.components.loading import not_ready
from frontend.hooks import component, use_page
from frontend.i18n import Translator
from frontend.labels import lines_in_state
from frontend.queries import use_query

TONES = {"active": 1, "suspended": 4, "pending_active": 3, "pending_release": 2}


@component
def LinesByState() -> VdomDict:
    text = use_page().text
    query = use_query(lines.summary, topics=("fleet",))
    if query.data is None:
        return not_ready(text, query)
    summary: FleetSummary = query.data
    counted = sorted(((code, n) for code, n in summary.by_status.items() if n), key=lambda pair: -pair[1])
    return panel(
        "states",
        text.plural("{n} line", "{n} lines", summary.total),
        html.div({"class": "stack stack-tight"}, _bar(counted, summary.total), _legend(text, counted)),
        beside=[html.a({"href": "/app/fleet"}, text("Open the fleet"))],
    )


def _bar(counted: list[tuple[str, int]], total: int) -> VdomDict | None:
    """Shares of the whole as one line; the figures stand under it."""
    if not total:
        return None
    parts, at = [], 0.0
    for code, n in counted:
        share = 100 * n / total
        parts.append(
            html.svg.rect(
                {
                    "class": f"tone-{TONES.get(code, 2)}",
                    "x": f"{at:.2f}%",
                    "width": f"{max(share - 0.4, 0.4):.2f}%",
                    "height": "100%",
                    "key": code,
                }
            )
        )
        at += share
    return html.svg({"class": "stacked-bar", "aria-hidden": "true"}, *parts)


def _legend(text: Translator, counted: list[tuple[str, int]]) -> VdomDict:
    return html.ul(
        {"class": "legend"},
        *(
            html.li(
                {"key": code},
                html.svg(
                    {"aria-hidden": "true"},
                    html.svg.rect(
                        {"class": f"tone-{TONES.get(code, 2)}", "width": "10", "height": "10", "rx": "2"}
                    ),
                ),
                html.a({"href": f"/app/fleet?status={code}"}, lines_in_state(text, code)),
                html.strong(text.number(n)),
            )
            for code, n in counted
        ),
    )
