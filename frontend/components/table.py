"""Tables of ordinary pages: the frame once, rows as HTML by key, so that a change redraws its row alone."""

from collections.abc import Sequence

from reactpy import html
from reactpy.reactjs import component_from_url
from reactpy.types import VdomDict

from frontend.assets import asset_url
from frontend.elements import Child
from frontend.html import to_html

_Table = component_from_url(asset_url("table.js"), "Table", resolve_imports=False)

# Words, class
TableColumn = tuple[str, str]


def table_frame(
    caption: str, columns: Sequence[TableColumn], *, foot: Child = None, hover: bool = True
) -> str:
    """The still part of a table as HTML."""
    heads = (html.th({"scope": "col", **({"class": rank} if rank else {})}, words) for words, rank in columns)
    return to_html(
        html.div(
            {"class": "table-wrap"},
            html.table(
                {"class": "table table-hover" if hover else "table"},
                html.caption({"class": "visually-hidden"}, caption),
                html.thead(html.tr(*heads)),
                html.tbody(),
                html.tfoot(foot) if foot else None,
            ),
        )
    )


def rows_table(frame: str, rows: Sequence[tuple[str, VdomDict]]) -> VdomDict:
    """A table whose rows are kept by key. Each row is a `tr` without handlers."""
    keyed = []
    for key, row in rows:
        row["attributes"] = {**row.get("attributes", {}), "data-key": key}
        keyed.append((key, to_html(row)))
    return _Table({"frame": frame, "rows": keyed})
