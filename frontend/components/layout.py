"""What a page is laid out with: header, breadcrumb, panels, tabs, empty states, skeletons."""

from collections.abc import Sequence

from reactpy import html
from reactpy.types import VdomDict

from frontend.elements import Child, classes, icon
from frontend.i18n import Translator


def breadcrumb(text: Translator, *steps: tuple[str, str | None]) -> VdomDict:
    """Where this page stands: pairs of name and address, the last without an address."""
    return html.nav(
        {"class": "breadcrumb", "aria-label": text("Breadcrumb")},
        html.ol(
            *(
                html.li(html.a({"href": to}, name)) if to else html.li({"aria-current": "page"}, name)
                for name, to in steps
            )
        ),
    )


def page_header(
    title: Child, *under: Child, beside: Child = None, actions: Sequence[Child] = (), crumbs: Child = None
) -> VdomDict:
    """The head of a page: breadcrumb, title with its state beside it, one line under it, actions."""
    head = title if isinstance(title, dict) else html.h1(title)
    return html.div(
        {"class": "page-header"},
        crumbs,
        html.div(html.div({"class": "row"}, head, beside) if beside else head, *under),
        html.div({"class": "actions"}, *actions) if actions else None,
    )


def panel(name: str, title: str, *body: Child, beside: Sequence[Child] = (), bare: bool = False) -> VdomDict:
    """A titled panel. `bare` bodies (tables, to-do lists) reach its edges."""
    inside = list(body) if bare else [html.div({"class": "panel-body stack"}, *body)]
    return html.section(
        {"class": "panel", "aria-labelledby": name},
        html.div({"class": "panel-header"}, html.h2({"id": name}, title), *beside),
        *inside,
    )


def tabs(
    text: Translator, label: str, entries: Sequence[tuple[str, str, int | None]], current: str
) -> VdomDict:
    """Views of one thing, each with its own address: name, address, count. Of two at the current one the last is named."""
    here = max((at for at, (_, to, _) in enumerate(entries) if to == current), default=-1)
    return html.nav(
        {"class": "tabs", "aria-label": label},
        *(
            html.a(
                {"href": to, "data-keep": "", **({"aria-current": "page"} if at == here else {})},
                name,
                html.span({"class": "count"}, text.number(count)) if count is not None else None,
            )
            for at, (name, to, count) in enumerate(entries)
        ),
    )


def stepper(text: Translator, steps: Sequence[tuple[str, str | None]], at: int) -> VdomDict:
    """The steps of a task; those done lead back where an address is given."""

    def step(index: int, name: str, to: str | None) -> VdomDict:
        if index < at:
            return html.li({"class": "is-done"}, html.a({"href": to}, name) if to else name)
        return html.li({"aria-current": "step"}, name) if index == at else html.li(name)

    return html.ol(
        {"class": "stepper", "aria-label": text("Steps")},
        *(step(index, name, to) for index, (name, to) in enumerate(steps)),
    )


def empty(
    title: str, *words: Child, action: Child = None, mark: str | None = None, alone: bool = False
) -> VdomDict:
    """Nothing to show: what will be here, and one thing to do. `alone`: its title is the page's."""
    line = html.svg(
        {"class": "empty-mark", "viewBox": "0 0 96 48", "aria-hidden": "true"},
        html.svg.path({"d": "M4 36h26c16 0 14-22 30-22h10"}),
        html.svg.circle({"class": "mark-accent", "cx": "79", "cy": "14", "r": "6"}),
    )
    return html.div(
        {"class": "empty"},
        icon(mark) if mark else line,
        (html.h1 if alone else html.p)({"class": "empty-title"}, title),
        html.p(*words) if words else None,
        action,
    )


def skeleton_line(width: int = 3) -> VdomDict:
    return html.span({"class": f"skeleton w-{width}"})


def skeleton(text: Translator, rows: int = 4) -> VdomDict:
    """A page that is on its way: the shapes of a header and a panel."""
    return html.div(
        {"data-skeleton": "", "aria-busy": "true"},
        html.p({"class": "visually-hidden", "role": "status"}, text("Loading")),
        html.div(
            {"class": "page-header"},
            html.div({"class": "stack stack-tight"}, skeleton_line(3), skeleton_line(2)),
        ),
        html.div(
            {"class": "panel"},
            html.div({"class": "panel-body stack"}, *(skeleton_line(3 - index % 3) for index in range(rows))),
        ),
    )


def columns(main: Sequence[Child], aside: Sequence[Child], *, sticky: bool = False) -> VdomDict:
    return html.div(
        {"class": "columns", "key": "columns"},
        html.div({"class": "stack"}, *main),
        html.div({"class": classes("stack", "aside-sticky" if sticky else None)}, *aside),
    )
