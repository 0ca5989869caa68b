"""Tables as people save them, workbooks made to harm, and rows checked by their columns."""

import csv
import io
from datetime import datetime

import openpyxl
import pytest
import xlsxwriter

from backend.bulk.kinds import FILES
from backend.bulk.texts import texts_in
from backend.core.errors import FileRejected
from backend.core.i18n import LANGUAGES
from backend.tabular.cells import cents, optional
from backend.tabular.columns import FileColumn, check_rows, match_header, read_checked
from backend.tabular.formats import CSV, XLSX
from backend.tabular.problems import CellError, HeaderError, TableRejected, TableTexts
from backend.tabular.reading import LONGEST_CELL, media_type_of_table, read_table
from backend.tabular.templates import result, template
from backend.tabular.workbook import MOST_TEXT
from backend.tabular.writing import CsvWriter, without_formulas
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


def test_a_line_that_names_the_separator_is_no_row() -> None:
    for first in ("sep=;", '"sep=;"', "\ufeffSEP=;"):
        assert rows_of(f"{first}\r\nnumber;note,more\r\n1;2\r\n".encode()) == [
            (1, ["number", "note,more"]),
            (2, ["1", "2"]),
        ]


def test_the_sign_that_ends_a_file_is_no_row() -> None:
    assert rows_of(b"number;note\r\n1;2\r\n\x1a") == [(1, ["number", "note"]), (2, ["1", "2"])]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unicode_text_of_spreadsheets_is_read(encoding: str) -> None:
    content = "\ufeffnumber\tsociété\r\n1\tŁódź\r\n".encode(encoding)
    assert media_type_of_table(content) == CSV
    assert rows_of(content) == [(1, ["number", "société"]), (2, ["1", "Łódź"])]
    with pytest.raises(FileRejected) as refused:
        rows_of(content[:-1])
    assert refused.value.code == "file_damaged"


def test_marks_that_nobody_sees_are_no_part_of_a_cell() -> None:
    rows = [(1, ["number", "name"]), (2, ["0470 12", "An ne"])]
    dirty = ("\u2066number\ufeff", "name\u200b"), ("\u202a0470\u200e 12\u202c", "\ufeffAn\u202e ne\u2069")
    text = "".join(f"{one};{two}\n" for one, two in dirty)
    assert rows_of(text.encode()) == rows
    assert rows_of(files.xlsx(*dirty), XLSX) == rows


UNCLOSED = {
    # To the end of the file
    'number;note\n1;x\n2;"t is urgent\n3;x\n4;x\n': 3,
    'number;note\n1;x\n\n"2;x\n3;x\n': 4,
    'number\n1\n"2\n3\n': 3,
    # Another one closes it: with text behind it, and without
    'number;note\n1;x\n2;"t is urgent\n3;x\n4;"x"\n5;x\n': 3,
    'number;note\n1;x\n2;"t is urgent\n3;x\n4;x"\n5;x\n': 3,
    'number;note\n1;"x" and more\n2;x\n': 2,
    "number;note\n1;x\n2;" + '"' + "3;x\n" * 50_000: 3,
}


@pytest.mark.parametrize(("text", "row"), UNCLOSED.items(), ids=range(len(UNCLOSED)))
def test_a_quotation_mark_left_open_is_refused_with_its_row(text: str, row: int) -> None:
    with pytest.raises(TableRejected) as refused:
        rows_of(text.encode())
    assert refused.value.code == "file_quotes"
    assert [(problem.row, problem.values["row"]) for problem in refused.value.problems] == [(row, str(row))]
    assert refused.value.problems[0].message(texts_in("de")).startswith(f"Zeile {row}: ")


def test_a_cell_may_have_several_lines_and_quotation_marks() -> None:
    text = 'number;note\n1;"one\ntwo ""and"" three"\n2;5" screen\n'
    assert rows_of(text.encode())[1:] == [(2, ["1", 'one\ntwo "and" three']), (3, ["2", '5" screen'])]


def test_a_file_without_end_of_cell_is_damaged() -> None:
    with pytest.raises(FileRejected) as refused:
        rows_of(b"number\n" + b"1" * 200_000)
    assert refused.value.code == "file_damaged"


def test_a_long_cell_is_an_error_of_its_row() -> None:
    columns = [FileColumn(code="number"), FileColumn(code="note")]
    text = f"number;note\n1;{'x' * LONGEST_CELL}\n2;{'x' * (LONGEST_CELL + 1)}\n"
    rows = read_checked(columns, read_table(text.encode(), CSV), "en")
    assert [[problem.code for problem in row.problems] for row in rows] == [[], ["cell_too_long"]]
    assert "1000" in rows[1].problems[0].message()


def test_the_sheet_is_ours_or_the_first_that_people_see() -> None:
    def book(*names: str, hidden: bool = True) -> bytes:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file) as made:
            chart = made.add_chart({"type": "column"})
            made.add_chartsheet("Chart").set_chart(chart)
            for name in names:
                made.add_worksheet(name).write_string(0, 0, name)
            chart.add_series({"values": f"='{names[0]}'!$A$1:$A$1"})
            made.get_worksheet_by_name(names[-1]).activate()
            if hidden:
                made.get_worksheet_by_name(names[0]).hide()
        return file.getvalue()

    assert rows_of(book("Lists", "Numbers"), XLSX) == [(1, ["Numbers"])]
    assert rows_of(book("Lists", "Numbers", hidden=False), XLSX) == [(1, ["Lists"])]
    assert rows_of(book("Lists", "Numbers", "Fleetline"), XLSX) == [(1, ["Fleetline"])]


def test_what_is_read_beside_what_people_see_is_said() -> None:
    def notes(*, hide: int | None = None, second: str = "", name: str = "Numbers") -> list[str]:
        file = io.BytesIO()
        with xlsxwriter.Workbook(file) as made:
            sheet = made.add_worksheet(name)
            for row in range(3):
                sheet.write_string(row, 0, f"cell {row}")
            if hide is not None:
                sheet.set_row(hide, options={"hidden": True})
            other = made.add_worksheet("Other")
            if second:
                other.write_string(0, 0, second)
        return read_table(file.getvalue(), XLSX).notes

    assert notes() == []
    assert notes(hide=1) == ["rows_hidden"]
    assert notes(second="more") == ["more_sheets"]
    # Ours has lists on its second sheet
    assert notes(second="more", name="Fleetline") == []
    for code in ("rows_hidden", "more_sheets"):
        assert all(TableTexts(language).text(code) for language in LANGUAGES)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "＝", "＋", "－", "﹣", "＠", "﹫", "\t", "\r", "\n"])
def test_no_cell_that_leaves_runs_as_a_formula(first: str) -> None:
    assert without_formulas([f"{first}1+1", f"a{first}", ""]) == [f"'{first}1+1", f"a{first}", ""]


def test_a_hyphen_is_no_cap_and_no_cost_centre() -> None:
    with pytest.raises(CellError) as wrong:
        cents("-")
    assert wrong.value.code == "amount_wrong"
    assert (cents("Aucun"), cents("37,5 €"), optional("-")) == ("none", 3750, "")


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
    assert wrong.value.problems[2].message(texts_in("en")) == "The column “Cost centre” is missing."


def test_the_example_of_a_template_is_no_row_and_more_cells_than_headings_are_an_error() -> None:
    columns: list[FileColumn | None] = list(COLUMNS)
    rows = check_rows(columns, [(2, ["EXEMPLE 0470 12 34 56", "CC"]), (3, ["0470123456", "CC", "more"])])
    assert [(row.row, row.problems[0].code) for row in rows] == [(3, "too_many_cells")]


def test_no_cell_that_is_written_runs_as_a_formula() -> None:
    file = io.BytesIO()
    CsvWriter(file, ["=head"]).rows([["=1", "+2", "-3", "@4", "\t5", "6", ""]])
    rows = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig")), delimiter=";"))
    assert rows == [["'=head"], ["'=1", "'+2", "'-3", "'@4", "'\t5", "6", ""]]


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


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_result_holds_every_cell_whole(kind: str) -> None:
    """A cell that is too long is refused with its row, and handed back as it came."""
    long = "ab" * 9_000
    rows = (("number", "note"), ("1", long), ("2", "b"))
    content, media_type = (
        ("\n".join(";".join(row) for row in rows).encode(), CSV)
        if kind == "csv"
        else (files.xlsx(*rows), XLSX)
    )
    assert len(rows_of(content, media_type)[1][1][1]) == LONGEST_CELL + 1
    back = result(content, media_type, {2: ("Error", "too long", "")}, "en")
    table = read_table(back, media_type, whole=True)
    assert [cells[1] for _, cells in table.rows] == ["note", long, "b"]


def test_a_template_keeps_what_is_typed_as_text() -> None:
    made = template(COLUMNS, "nl", "xlsx")
    assert rows_of(made, XLSX)[0][1] == ["Nummer *", "Kostenplaats *"]
    assert template(COLUMNS, "fr", "csv").startswith("\ufeffNuméro *;Centre de coûts *\r\n".encode())
