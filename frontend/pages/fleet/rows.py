"""One row of the fleet as HTML: the only source of its markup, for the first view and for every later one."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from html import escape
from uuid import UUID

from backend.catalog.profiles import profile
from backend.lines.schemas import LineRow
from frontend.elements import hidden, icon
from frontend.html import to_html
from frontend.i18n import Translator, translator_for
from frontend.labels import FAMILIES, PRODUCT_TYPES, line_state

MORE = to_html(icon("more"))


@lru_cache(maxsize=512)
def _state(language: str, code: str) -> str:
    return to_html(line_state(translator_for(language), code))


@lru_cache(maxsize=64)
def _type(language: str, code: str) -> str:
    text = translator_for(language)
    words, shape = PRODUCT_TYPES.get(code, (code, "sim"))
    return to_html(icon(shape)) + to_html(hidden(f"{text(words)} "))


@lru_cache(maxsize=4096)
def _options(language: str, carrier: str, codes: tuple[str, ...]) -> str:
    """The families of the options that are on, one drawing each."""
    text, known = translator_for(language), profile(carrier)
    on = {option.family for code in codes if (option := known.option(code))}
    if not on:
        return f"<span class='muted'>{escape(text.context('options', 'none'))}</span>"
    return "".join(
        f"<span title='{escape(text(words))}'>{to_html(icon(shape))}<span class='visually-hidden'>{escape(text(words))} </span></span>"
        for family, (words, shape) in FAMILIES.items()
        if family in on
    )


def row_html(text: Translator, carrier: str, row: LineRow, *, esim_mail: bool = False) -> str:
    """`esim_mail`: the mail with the code of its eSIM can be sent again."""
    language, key = text.language, str(row.id)
    name, number = escape(row.name or text("No name")), escape(text.msisdn(row.msisdn))
    busy = f"<span class='cell-sub'>{escape(text('Request under way'))}</span>" if row.open_order else ""
    tick = escape(text("Choose {number}", number=text.msisdn(row.msisdn)))
    esim = " data-esim" if esim_mail else ""
    menu = escape(text("Actions for {number}", number=text.msisdn(row.msisdn)))
    return (
        f"<tr data-key='{key}' data-type='{escape(row.product_type)}' data-status='{escape(row.status)}'{esim}>"
        f"<td class='tight'><input type='checkbox' name='line' value='{key}' aria-label='{tick}'></td>"
        f"<th scope='row'><a href='/app/lines/{key}'>{name}</a><span class='cell-sub cell-narrow number'>{number}</span></th>"
        f"<td class='rank-2 number'>{number}</td><td class='rank-3 number'>{escape(row.billing_account)}</td>"
        f"<td class='rank-2'><div class='row row-fixed option-icons'>{_type(language, row.product_type)}<span>{escape(row.plan.name)}</span></div></td>"
        f"<td class='rank-3'><div class='option-icons'>{_options(language, carrier, tuple(row.options))}</div></td>"
        f"<td class='keep'>{_state(language, row.status)}{busy}</td>"
        f"<td class='tight'><button class='icon-button icon-button-small' type='button' popovertarget='row-menu' aria-label='{menu}'>{MORE}</button></td></tr>"
    )


def rows_html(
    text: Translator, carrier: str, rows: Iterable[LineRow], esims: Collection[UUID] = ()
) -> list[tuple[str, str]]:
    """Each row by its key. `esims`: the lines whose eSIM mail can be sent again."""
    return [(str(row.id), row_html(text, carrier, row, esim_mail=row.id in esims)) for row in rows]
