"""The smallest parts: icons, hidden words, notices, pills, key values, amounts, timelines' markers."""

from collections.abc import Sequence
from typing import Any

from reactpy import html
from reactpy.types import Component, VdomDict

Child = VdomDict | Component | str | None


def classes(*names: str | None) -> str:
    return " ".join(name for name in names if name)


def icon(name: str, *extra: str) -> VdomDict:
    """A drawing from the sprite. It never stands alone: words or a hidden name go beside it."""
    return html.svg(
        {"class": classes("icon", *extra), "aria-hidden": "true"}, html.svg.use({"href": f"#i-{name}"})
    )


def hidden(words: str) -> VdomDict:
    """Words for those who listen, not for those who look."""
    return html.span({"class": "visually-hidden"}, words)


def pill(label: str, tone: str = "", mark: str = "ring") -> VdomDict:
    """A state: word, shape and colour together. Tones: active, running, attention, lost, or none."""
    return html.span({"class": classes("pill", f"pill-{tone}" if tone else None)}, icon(mark), label)


def number(words: str) -> VdomDict:
    """A figure that is never broken over two lines."""
    return html.span({"class": "number"}, words)


def notice(
    *words: Child, tone: str = "", mark: str = "info", action: Child = None, live: bool = False
) -> VdomDict:
    """A message that stays on the page. `live` has it read out when it appears."""
    attributes: dict[str, Any] = {"class": classes("notice", f"notice-{tone}" if tone else None)}
    if live:
        attributes["role"] = "alert" if tone == "danger" else "status"
    return html.div(attributes, icon(mark), html.p(*words), action)


def key_values(rows: Sequence[tuple[Any, ...]], *, stacked: bool = False) -> VdomDict:
    """Pairs of name and value; a third part is the action beside the value. Empty rows are left out."""
    return html.dl(
        {"class": classes("key-values", "key-values-stacked" if stacked else None)},
        *(
            html.div(
                html.dt(row[0]),
                html.dd(*(row[1] if isinstance(row[1], (list, tuple)) else (row[1],))),
                html.dd(row[2]) if len(row) > 2 and row[2] is not None else None,
            )
            for row in rows
        ),
    )


def total(rows: Sequence[tuple[Any, Any]], last: tuple[Any, Any]) -> VdomDict:
    """A column of amounts and the figure they end in."""
    return html.dl(
        {"class": "total"},
        *(html.div(html.dt(name), html.dd(amount)) for name, amount in rows),
        html.div({"class": "total-line"}, html.dt(last[0]), html.dd(last[1])),
    )


def progress(value: int, maximum: int, label: str) -> VdomDict:
    return html.progress(
        {"class": "progress", "max": str(max(maximum, 1)), "value": str(value), "aria-label": label},
        f"{value} / {maximum}",
    )
