import csv
import io
import re
from typing import Any

import openpyxl
import pytest

from backend.core.errors import FileRejected, Forbidden, ValidationFailed
from backend.lines.export import HEADINGS, export_lines
from backend.lines.intake.file_columns import COLUMNS
from backend.lines.intake.file_import import import_lines
from backend.lines.schemas import LineFilter
from backend.lines.service import get_line
from backend.usage.service import line_usage
from tests.support import files
from tests.support.factories import Customer, make_customer, make_lines, make_member, next_msisdn, sim_for

PLAN = "pro-flex-20"


def file_of(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    lines = [delimiter.join(COLUMNS)]
    lines += [delimiter.join(row.get(column, "") for column in COLUMNS) for row in rows]
    return "\n".join(lines).encode()


def good(customer: Customer, **changes: str) -> dict[str, str]:
    phone = next_msisdn()
    row = {
        "msisdn": phone,
        "customer_number": next(iter(customer.accounts)),
        "plan": PLAN,
        "sim_number": sim_for(customer.carrier, int(phone[5:]) + 5_000_000),
        "family_name": "Maes",
        "given_name": "Eva",
    }
    return row | changes


WRONG = {
    "msisdn": ("02 123 45 67", "+33612345678", "", "04701234567890"),
    "customer_number": ("0000000-00", ""),
    "plan": ("nope", ""),
    "sim_number": ("9100000123455", "123", "", "٩١٠٠٠٠٠١٢٣٤٥٤"),
    "options": ("nope", "sms-unlimited|nope", "roaming-cap-0|roaming-cap-100"),
    "language": ("es",),
    "status": ("terminated", "lost"),
    "puk": ("1234567", "abcdefgh"),
    "activated_on": ("01/02/2024", "2024-13-01"),
    "roaming_cap": ("50.00", "-1", "3000000000", "³"),
    "family_name": ("x" * 81, "x" * 10_000),
    "cost_centre": ("NOPE",),
    "sim_kind": ("paper",),
}


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column, values in WRONG.items() for value in values]
)
async def test_a_wrong_cell_is_named_by_row_and_column_and_nothing_is_imported(
    column: str, value: str
) -> None:
    customer = await make_customer()
    result = await import_lines(customer.manager, file_of(good(customer), good(customer, **{column: value})))
    assert [(error.row, error.column) for error in result.errors] == [(3, column)]
    assert result.imported == 0
    assert await customer.lines() == []


async def test_bad_rows_may_be_skipped_and_any_usual_spelling_is_taken() -> None:
    customer = await make_customer()
    spaced = good(customer)
    spaced["msisdn"] = (
        f" 0{spaced['msisdn'][3:6]} {spaced['msisdn'][6:8]}.{spaced['msisdn'][8:10]}/{spaced['msisdn'][10:]} "
    )
    rows = file_of(spaced, good(customer, plan="nope"), delimiter=";")
    result = await import_lines(
        customer.manager, "\ufeff".encode() + rows + b"\n" + b";" * 14, skip_bad_rows=True
    )
    assert result.imported == 1
    assert [error.row for error in result.errors] == [3]
    assert [line.name for line in await customer.lines()] == ["Maes, Eva"]


async def test_repeats_in_the_file_and_numbers_in_use_anywhere_are_refused_alike() -> None:
    ours, theirs = await make_customer(), await make_customer(lines=1)
    taken = (await theirs.lines())[0].msisdn
    own = good(ours)
    assert (await import_lines(ours.manager, file_of(own))).imported == 1
    answers = []
    for number in (taken, own["msisdn"]):
        result = await import_lines(ours.manager, file_of(good(ours, msisdn=number)))
        answers.append([(error.row, error.column, error.message()) for error in result.errors])
    assert answers[0] == answers[1] == [(2, "msisdn", "This number is in use already.")]
    twice = good(ours)
    result = await import_lines(ours.manager, file_of(twice, twice))
    assert {(error.row, error.column) for error in result.errors} == {
        (row, column) for row in (2, 3) for column in ("msisdn", "sim_number")
    }


async def test_a_file_is_read_whatever_program_wrote_it() -> None:
    customer = await make_customer()
    rows = [good(customer, family_name="Mélise") for _ in range(4)]
    western = file_of(rows[0]).decode().encode("cp1252")
    unicode = file_of(rows[1], delimiter="\t").decode().replace("\n", "\r\n").encode("utf-16")
    odd = b"sep=;\r\n" + file_of(rows[2], delimiter=";").replace(b"\n", b";\r\n") + b"\r\n\x1a"
    workbook = files.xlsx(COLUMNS, tuple(rows[3].get(column, "") for column in COLUMNS), sheet="Lines")
    for content in (western, unicode, odd, workbook):
        assert (await import_lines(customer.manager, content)).errors == []
    assert [line.name for line in await customer.lines()] == ["Mélise, Eva"] * 4


async def test_marks_that_nobody_sees_are_taken_out_and_an_option_is_taken_once() -> None:
    customer = await make_customer()
    row = good(customer, family_name="An\u202eneB", options="europe-plus|europe-plus")
    row["msisdn"] = f"\u202a{row['msisdn']}\u202c"
    assert (await import_lines(customer.manager, file_of(row))).errors == []
    (line,) = await customer.lines()
    assert (line.name, line.options) == ("AnneB, Eva", ["europe-plus"])


async def test_more_cells_than_the_header_and_an_open_quotation_mark_are_refused() -> None:
    customer = await make_customer()
    result = await import_lines(customer.manager, file_of(good(customer)) + b",extra")
    assert [(error.row, error.column, error.code) for error in result.errors] == [(2, "", "too_many_cells")]
    rows = file_of(*(good(customer, family_name=name) for name in ("Maes", '"Maes', "Maes", "Maes")))
    with pytest.raises(FileRejected, match=r"Row 3: a quotation mark"):
        await import_lines(customer.manager, rows)
    with pytest.raises(FileRejected, match="Excel or CSV"):
        await import_lines(customer.manager, b"%PDF-1.7\n\0")
    assert await customer.lines() == []


async def test_a_wrong_header_is_refused() -> None:
    customer = await make_customer()
    for header in (
        "msisdn,plan",
        ",".join((*COLUMNS, "extra")),
        "",
        "nonsense",
        ",".join((*COLUMNS, "email")),
    ):
        with pytest.raises(ValidationFailed):
            await import_lines(customer.manager, header.encode())


def cells_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


async def test_export_honours_the_filter_and_the_order() -> None:
    customer = await make_customer()
    await make_lines(customer, 3, names=["Zola|An", "Adam|Eva", "=HYPERLINK(1)|x"])
    await make_lines(customer, 1, status="suspended", names=["Maes|Jo"])
    with await export_lines(customer.manager, LineFilter(status=("active",)), descending=True) as file:
        rows = cells_of(file.read())
    assert [row[0] for row in rows[1:]] == ["Zola, An", "'=HYPERLINK(1), x", "Adam, Eva"]
    assert all(re.fullmatch(r"\d{4}( \d{1,4})+", row[HEADINGS.index("sim_number")]) for row in rows[1:]), (
        "a spreadsheet keeps it as text"
    )
    with await export_lines(customer.manager, LineFilter(), format="xlsx") as file:
        sheet: Any = openpyxl.load_workbook(file).active
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len(cells) == 5
    assert all(cell.data_type == "s" for row in sheet.iter_rows() for cell in row if cell.value)


async def test_only_those_who_may_export() -> None:
    customer = await make_customer(lines=1)
    for role in ("auditor", "approver", "end_user", "invoice_reader"):
        with pytest.raises(Forbidden):
            await export_lines(await make_member(customer.tenant_id, roles=frozenset({role})), LineFilter())


@pytest.mark.parametrize(
    ("options", "amount", "cap"),
    [
        ("roaming-cap-50", "", 5000),
        ("sms-unlimited|roaming-cap-100", "10000", 10000),
        ("roaming-cap-0", "", 0),
        ("sms-unlimited", "2500", 2500),
        ("sms-unlimited", "", None),
    ],
)
async def test_an_option_that_is_a_cap_brings_its_amount(options: str, amount: str, cap: int | None) -> None:
    customer = await make_customer()
    row = good(customer, options=options, roaming_cap=amount)
    assert (await import_lines(customer.manager, file_of(row))).imported == 1
    [line] = await customer.lines()
    assert (await get_line(customer.manager, line.id)).roaming_cap_cents == cap
    assert (await line_usage(customer.manager, line.id)).cap.cap_cents == cap


async def test_an_amount_beside_an_option_that_is_another_cap_is_refused() -> None:
    customer = await make_customer()
    row = good(customer, options="roaming-cap-50", roaming_cap="10000")
    found = await import_lines(customer.manager, file_of(row))
    assert [(error.row, error.column) for error in found.errors] == [(2, "roaming_cap")]
    assert await customer.lines() == []
