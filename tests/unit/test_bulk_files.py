"""Tables as people save them, and workbooks made to harm."""

import io
from datetime import datetime

import openpyxl
import pytest

from backend.bulk.columns import FileColumn, HeaderError, check_rows, match_header
from backend.bulk.kinds import FILES
from backend.bulk.lifecycle import UPLOAD_LIFECYCLE, UploadState, state_after_validation
from backend.bulk.reading import read_table
from backend.bulk.workbook import MOST_TEXT
from backend.bulk.writing import result, template
from backend.core.spreadsheets import CSV, XLSX
from backend.documents.file_checks import FileRejected
from tests.support import files

COLUMNS = FILES["change_cost_centre"].columns


def rows_of(content: bytes, media_type: str = CSV) -> list[tuple[int, list[str]]]:
    return list(read_table(content, media_type).rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_commas_semicolons_and_tabs_with_or_without_a_mark(delimiter: str, start: bytes, end: str) -> None:
    text = delimiter.join(["number", '"a;b,c"']) + end + end + delimiter.join(["047", "é"]) + end
    assert rows_of(start + text.encode()) == [(1, ["number", "a;b,c"]), (3, ["047", "é"])]


def test_the_old_characters_of_windows_are_read_with_a_note() -> None:
    table = read_table("number;société\n1;Liège\n".encode("cp1252"), CSV)
    assert [cells for _, cells in table.rows] == [["number", "société"], ["1", "Liège"]]
    assert table.notes == ["read_as_cp1252"]
    with pytest.raises(FileRejected, match="UTF-8"):
        read_table(b"a;b\n\x81\x8d;1\n", CSV)


def test_cells_of_a_workbook_are_read_as_people_see_them() -> None:
    book = openpyxl.Workbook()
    book.active.append(["not this one"])
    sheet = book.create_sheet("Fleetline")
    sheet.append(["number", "date", "text", "amount", "yes", "empty"])
    sheet.append([32470123456, datetime(2026, 11, 21), "0470", 12.5, True, None])  # noqa: DTZ001 - as spreadsheets have it
    sheet.append([])
    sheet.append([8932030000000000018, "=1+1"])
    file = io.BytesIO()
    book.save(file)
    found = rows_of(file.getvalue(), XLSX)
    assert found[1] == (2, ["32470123456", "2026-11-21", "0470", "12.5", "1"])
    assert found[2][0] == 4


HUGE = "<si><t>" + "x" * 40_000 + "</t></si>"
MANY = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2001))


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl/worksheets/sheet1.xml": files.sheet('<row r="30000"><c r="A30000"><v>1</v></c></row>')}, "file_too_many_rows"),
        ({"xl/worksheets/sheet1.xml": files.sheet('<row r="1"><c r="XFD1"><v>1</v></c></row>')}, "file_too_many_columns"),
        ({"xl/worksheets/sheet1.xml": files.sheet("<row r='1'><c s=\" r='A1' \" r='XFD1048576'><v>1</v></c></row>")}, "file_too_many_rows"),
        ({"xl/worksheets/sheet1.xml": files.sheet('<row r="1">' + "<c><v>1</v></c>" * 50 + "</row>")}, "file_too_many_columns"),
        ({"xl/worksheets/sheet1.xml": files.sheet(MANY), "xl/sharedStrings.xml": f"<sst>{HUGE}</sst>".encode()}, "file_unpacks_too_large"),
        ({"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "aa">]>' + files.sheet("")[38:]}, "file_damaged"),
        ({"xl/worksheets/sheet1.xml": files.sheet('<row r="1"><c r="A1">')}, "file_damaged"),
        ({"xl/worksheets/sheet1.xml": files.sheet("").decode().encode("utf-16")}, "file_damaged"),
        ({"content.xml": b"<office/>"}, "file_type_table"),
        ({"xl/other.xml": files.sheet('<row r="1048576"><c r="A1048576"><v>1</v></c></row>')}, "file_too_many_rows"),
    ],
)  # fmt: skip
def test_a_workbook_that_would_blow_up_is_refused_before_it_is_read(
    parts: dict[str, bytes], code: str
) -> None:
    assert MOST_TEXT < 2000 * 40_000
    with pytest.raises(FileRejected) as refused:
        rows_of(files.with_parts(files.xlsx(("number",), ("1",)), **parts), XLSX)
    assert refused.value.code == code


def test_formatted_cells_without_a_value_far_away_do_no_harm() -> None:
    sheet = files.sheet(
        '<row r="1"><c r="A1"><v>7</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    )
    assert rows_of(files.with_parts(files.xlsx(("x",)), **{"xl/worksheets/sheet1.xml": sheet}), XLSX) == [
        (1, ["7"])
    ]


@pytest.mark.parametrize(
    "header", [["number", "cost_centre"], ["NUMÉRO *", " Centre  de coûts "], ["Kostenplaats", "Nummer"]]
)
def test_headings_are_codes_or_labels_of_any_language(header: list[str]) -> None:
    found = match_header(COLUMNS, header, "fr")
    assert {column.code for column in found if column} == {"number", "cost_centre"}


def test_missing_unknown_and_double_headings_are_all_named() -> None:
    with pytest.raises(HeaderError) as wrong:
        match_header(COLUMNS, ["number", "Number", "colour"], "en")
    assert [problem.code for problem in wrong.value.problems] == [
        "column_twice",
        "column_unknown",
        "column_missing",
    ]
    assert wrong.value.problems[2].message("en") == "The column “Cost centre” is missing."


def test_the_example_of_a_template_is_no_row_and_more_cells_than_headings_are_an_error() -> None:
    columns: list[FileColumn | None] = list(COLUMNS)
    rows = check_rows(columns, [(2, ["EXEMPLE 0470 12 34 56", "CC"]), (3, ["0470123456", "CC", "more"])])
    assert [(row.row, row.problems[0].code) for row in rows] == [(3, "too_many_cells")]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_nothing_in_a_result_runs_as_a_formula(kind: str) -> None:
    evil = ["=1+1", "+2", "-3", "@x", "\t=4", "a"]
    if kind == "csv":
        content, media_type = (
            ("number;note\n" + "".join(f"{n};{e}\n" for n, e in enumerate(evil))).encode(),
            CSV,
        )
    else:
        content, media_type = files.xlsx(("number", "note"), *enumerate(evil)), XLSX
    back = result(content, media_type, {2: ("=status", "-why", "")}, "en")
    cells = [cell for _, row in rows_of(back, media_type) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'=status" in cells
    assert "'=1+1" in cells


def test_a_template_keeps_what_is_typed_as_text() -> None:
    made = template(COLUMNS, "nl", "xlsx")
    assert rows_of(made, XLSX)[0][1] == ["Nummer *", "Kostenplaats *"]
    assert template(COLUMNS, "fr", "csv").startswith("\ufeffNuméro *;Centre de coûts *\r\n".encode())


def test_the_lifecycle_has_no_way_back_from_an_order_and_none_to_it_but_ready() -> None:
    assert {UploadState.ORDERED} == UPLOAD_LIFECYCLE.final
    assert UPLOAD_LIFECYCLE.sources(UploadState.ORDERED) == [UploadState.READY]
    assert UPLOAD_LIFECYCLE.allows(UploadState.READY, UploadState.READY)
    assert state_after_validation(good=1, errors=1, skip_bad=False) is UploadState.NEEDS_FIX
    assert state_after_validation(good=1, errors=1, skip_bad=True) is UploadState.READY
    assert state_after_validation(good=0, errors=0, skip_bad=True) is UploadState.NEEDS_FIX
