"""The HTML of a mail. Mail programs read tables and inline styles only, so there is no style sheet. Pure."""

from backend.notifications.content import InlineImage, MailContent, MailTable, MailTableRow
from backend.web.html import Markup, element, joined

INK, MUTED, ACCENT, LINE = "#1b2422", "#5b6461", "#0b5c58", "#e6e0d5"
PAPER, PANEL = "#faf8f3", "#f3efe7"
SMALL = "font-size:14px;line-height:20px"
BODY = "font-size:16px;line-height:24px"
FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
LAYOUT = {"role": "presentation", "cellpadding": "0", "cellspacing": "0"}
# The Content-ID of a mail's picture.
PICTURE = "picture@fleetline"


def frame_html(content: MailContent, tenant: str, footer: str, legal: str) -> str:
    """The whole document: brand and company, what the mail says, and why it was sent by whom."""
    brand = element("span", {"style": f"font-weight:400;color:{MUTED}"}, tenant)
    style = f"padding:0 0 16px;font-size:16px;line-height:24px;font-weight:600;color:{ACCENT}"
    rows = [
        _row({"style": style}, "Fleetline ", brand),
        _row(
            {"bgcolor": "#ffffff", "style": f"border:1px solid {LINE};border-radius:8px;padding:28px 24px"},
            _inside(content),
        ),
        _row(
            {"style": f"padding:20px 4px 0;font-size:13px;line-height:20px;color:{MUTED}"},
            footer,
            element("br", {}),
            element("br", {}),
            legal,
        ),
    ]
    column = element("table", {**LAYOUT, "width": "560", "style": "width:100%;max-width:560px"}, *rows)
    page = element(
        "table",
        {**LAYOUT, "width": "100%", "bgcolor": PAPER},
        _row({"align": "center", "style": "padding:32px 12px"}, column),
    )
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "color-scheme", "content": "light"}),
        element("title", {}, content.title),
    )
    body = element(
        "body", {"style": f"margin:0;padding:0;background:{PAPER};{FONT}"}, _preheader(content), page
    )
    return f"<!doctype html>\n{element('html', {'lang': content.language}, head, body)}\n"


def _row(attributes: dict[str, str], *children: object) -> Markup:
    return element("tr", {}, element("td", attributes, *children))


def _preheader(content: MailContent) -> Markup | None:
    if not content.preheader:
        return None
    return element("div", {"style": "display:none;max-height:0;overflow:hidden"}, content.preheader)


def _inside(content: MailContent) -> Markup:
    title = f"margin:0 0 12px;font-size:20px;line-height:28px;color:{INK}"
    return joined(
        element("h1", {"style": title}, content.title),
        _paragraphs(content.paragraphs, "0 0 16px"),
        _picture(content.picture),
        _steps(content.steps),
        _facts(content),
        _table(content.table),
        _button(content.button),
        _paragraphs(content.closing, "16px 0 0"),
    )


def _paragraphs(paragraphs: tuple[str, ...], margin: str) -> Markup:
    style = f"margin:{margin};{BODY};color:{INK}"
    return joined(*(element("p", {"style": style}, paragraph) for paragraph in paragraphs))


def _steps(steps: tuple[str, ...]) -> Markup | None:
    if not steps:
        return None
    items = [element("li", {"style": "margin:0 0 8px"}, step) for step in steps]
    return element("ol", {"style": f"margin:0 0 16px;padding:0 0 0 24px;{BODY};color:{INK}"}, *items)


def _picture(picture: InlineImage | None) -> Markup | None:
    """White around it whatever the reader's colours are: a camera has to read it."""
    if picture is None:
        return None
    size = {"width": "232", "height": "232", "style": "display:block;background:#ffffff;border:0"}
    image = element("img", {"src": f"cid:{PICTURE}", "alt": picture.alt, **size})
    return element("p", {"style": "margin:0 0 16px"}, image)


def _facts(content: MailContent) -> Markup | None:
    if not content.facts:
        return None
    head = {
        "scope": "row",
        "align": "left",
        "valign": "top",
        "style": f"padding:4px 16px 4px 0;{SMALL};font-weight:400;color:{MUTED};white-space:nowrap",
    }
    cell = {"style": f"padding:4px 0;{SMALL};color:{INK}"}
    rows = [
        element(
            "tr",
            {},
            element("th", head, name),
            element("td", cell, element("strong", {}, value) if name == content.strong else value),
        )
        for name, value in content.facts
    ]
    inner = element("table", {"cellpadding": "0", "cellspacing": "0"}, *rows)
    panel = {"width": "100%", "cellpadding": "0", "cellspacing": "0", "bgcolor": PANEL}
    return element(
        "table", {**panel, "style": "border-radius:8px"}, _row({"style": "padding:12px 20px"}, inner)
    )


def _table(table: MailTable | None) -> Markup | None:
    """Two columns, so that a telephone shows both: what it is about, and what happens to it."""
    if table is None:
        return None
    style = f"border-bottom:1px solid {LINE};padding:8px 0;font-size:13px;color:{MUTED};font-weight:400"
    head = [
        element("th", {"scope": "col", "align": align, "style": style}, name)
        for name, align in zip(table.columns, ("left", "right"), strict=True)
    ]
    heading = f"margin:28px 0 4px;{BODY};color:{INK}"
    return joined(
        element("h2", {"style": heading}, table.heading),
        element(
            "table",
            {"width": "100%", "cellpadding": "0", "cellspacing": "0"},
            element("thead", {}, element("tr", {}, *head)),
            element("tbody", {}, *(_table_row(row) for row in table.rows)),
        ),
        element("p", {"style": f"{SMALL};color:{MUTED}"}, table.more) if table.more else None,
    )


def _table_row(row: MailTableRow) -> Markup:
    cell = f"border-bottom:1px solid {LINE};{SMALL};color:{INK}"
    left = {
        "scope": "row",
        "align": "left",
        "valign": "top",
        "style": f"{cell};padding:10px 0;white-space:nowrap",
    }
    right = {"align": "right", "valign": "top", "style": f"{cell};padding:10px 0 10px 16px"}
    values: list[object] = []
    for value in row.value:
        values += [element("br", {}), value] if values else [value]
    notes = [_note(note) for note in row.notes]
    result = _note(row.result) if row.result else None
    return element("tr", {}, element("th", left, row.name, *notes), element("td", right, *values, result))


def _note(text: str) -> Markup:
    return joined(element("br", {}), element("span", {"style": f"font-weight:400;color:{MUTED}"}, text))


def _button(button: tuple[str, str] | None) -> Markup | None:
    if button is None:
        return None
    text, address = button
    style = (
        "display:inline-block;padding:12px 20px;font-size:16px;line-height:20px;font-weight:600;color:#ffffff;"
        "text-decoration:none"
    )
    link = element("a", {"href": address, "style": style}, text)
    cell = _row({"bgcolor": ACCENT, "style": "border-radius:8px"}, link)
    return element("table", {**LAYOUT, "style": "margin-top:24px"}, cell)
