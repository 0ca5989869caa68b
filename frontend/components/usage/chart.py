"""A bar chart drawn on the server: values on the bars, an axis with its unit, and under it a table of the same figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from reactpy import Vdom, html
from reactpy.types import VdomDict

from frontend.elements import hidden
from frontend.i18n import Translator

# From top to bottom: room for the value above the highest bar, the bars, room for the names below
TOP, BARS, FOOT = 28, 164, 28
STEPS = 4
# ReactPy's own take no words
_text, _title = Vdom("text"), Vdom("title")


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. `value` None: nothing is known of it. `running`: its time has not ended, so it is drawn broken."""

    name: str
    value: float | None
    running: bool = False


def step_of(most: float) -> float:
    """The distance of two lines of the axis, 1, 2, 2.5 or 5 times a power of ten: four of them hold the highest bar."""
    if most <= 0:
        return 1
    power = 10.0 ** floor(log10(most / STEPS))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power * STEPS >= most)


def bar_chart(
    text: Translator, name: str, title: str, unit: str, bars: Sequence[Bar], table: VdomDict
) -> VdomDict:
    """The chart, what it is counted in, and under a word the same figures as `table`. `title` says what it shows."""
    step = step_of(max((bar.value or 0 for bar in bars), default=0))
    names = {"id": f"{name}-title"}
    return html.div(
        {"class": "stack stack-tight"},
        html.figure(
            html.div(
                {"class": "chart-frame"},
                html.svg(
                    {"class": "chart chart-axis", "height": str(TOP + BARS + FOOT), "aria-hidden": "true"},
                    *_axis(text, step),
                ),
                html.svg(
                    {
                        "class": "chart",
                        "height": str(TOP + BARS + FOOT),
                        "role": "img",
                        "aria-labelledby": names["id"],
                    },
                    _title(names, title),
                    *_lines(),
                    *(
                        part
                        for index, bar in enumerate(bars)
                        for part in _bar(text, bar, index, len(bars), step)
                    ),
                ),
            ),
            html.figcaption({"class": "small muted"}, unit),
        ),
        html.details(
            {"class": "more"},
            html.summary(text("See the figures"), hidden(f", {title}")),
            table,
        ),
    )


def short(text: Translator, value: float) -> str:
    """A figure on a bar or on the axis."""
    return text.number(round(value)) if value >= 100 or value == round(value) else text.decimal(value)


def _height(value: float, step: float) -> float:
    return BARS * value / (step * STEPS)


def _axis(text: Translator, step: float) -> list[VdomDict]:
    return [
        _text(
            {
                "x": "100%",
                "y": f"{TOP + BARS * (1 - index / STEPS) + 4:.1f}",
                "text-anchor": "end",
                "key": str(index),
            },
            short(text, step * index),
        )
        for index in range(STEPS + 1)
    ]


def _lines() -> list[VdomDict]:
    return [
        html.svg.line(
            {
                "class": "grid-line" if index else "grid-line grid-base",
                "x1": "0",
                "x2": "100%",
                "y1": f"{TOP + BARS * (1 - index / STEPS):.1f}",
                "y2": f"{TOP + BARS * (1 - index / STEPS):.1f}",
                "key": f"line{index}",
            }
        )
        for index in range(STEPS + 1)
    ]


def _bar(text: Translator, bar: Bar, index: int, count: int, step: float) -> list[VdomDict]:
    """The bar with its value above and its name below; every second name gives way where there is no room."""
    width = 100 / count
    middle, last = f"{width * (index + 0.5):.2f}%", index == count - 1
    high = max(_height(bar.value, step), 1.0) if bar.value else 0.0
    rank = "label-wide" if (count - 1 - index) % 2 and count > STEPS else ""
    tone = "strong" if last else ""
    parts = []
    if high:
        parts.append(
            html.svg.rect(
                {
                    "class": "bar-open" if bar.running else "bar" if last else "bar-past",
                    "x": f"{width * (index + 0.19):.2f}%",
                    "y": f"{TOP + BARS - high:.1f}",
                    "width": f"{width * 0.62:.2f}%",
                    "height": f"{high:.1f}",
                    "rx": "2",
                    "key": f"bar{index}",
                }
            )
        )
    said = "–" if bar.value is None else short(text, bar.value)
    for words, y, key in ((said, TOP + BARS - high - 7, "value"), (bar.name, TOP + BARS + 20, "name")):
        parts.append(
            _text(
                {
                    "class": f"{rank} {tone}".strip(),
                    "x": middle,
                    "y": f"{y:.1f}",
                    "text-anchor": "middle",
                    "key": f"{key}{index}",
                },
                words,
            )
        )
    return parts
