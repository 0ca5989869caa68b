"""Whatever is in a file, reading it gives the cells or a refusal; what we write comes back as it was."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from backend.bulk.kinds import FILES
from backend.bulk.resolving import ResolvedRow
from backend.bulk.texts import texts_in
from backend.core.errors import FileRejected
from backend.documents.file_checks import clean_name, media_type_of
from backend.tabular.columns import check_rows
from backend.tabular.formats import CSV, XLSX
from backend.tabular.reading import read_table
from backend.tabular.stream import read_stream
from backend.tabular.text import text_lines
from tests.support import files

COLUMNS = list(FILES["change_cost_centre"].columns)
CELLS = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zs", "Zl", "Zp")), min_size=1, max_size=20
)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_refusal(content: bytes) -> None:
    for media_type in (CSV, XLSX):
        try:
            for number, cells in read_table(content, media_type).rows:
                assert number >= 1
                assert cells[-1]
        except FileRejected:
            continue


@given(st.binary(max_size=400))
def test_any_bytes_are_rows_and_problems_of_a_stream(content: bytes) -> None:
    with text_lines(io.BytesIO(content)) as lines:
        rows = list(read_stream(lines).rows)
    numbers = [row[0] if isinstance(row, tuple) else row.row for row in rows]
    assert numbers == sorted(set(numbers))


@given(
    st.binary(max_size=400),
    st.sampled_from([b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b""]),
)
def test_any_bytes_have_a_type_or_a_refusal(content: bytes, start: bytes) -> None:
    try:
        media_type_of(start + content)
    except FileRejected:
        return


@given(st.lists(st.lists(CELLS, min_size=2, max_size=5), min_size=1, max_size=8), st.sampled_from(";,\t"))
def test_a_written_table_is_read_as_it_was(rows: list[list[str]], delimiter: str) -> None:
    width = 5
    head = [f"h{index}" for index in range(width)]
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([head, *rows])
    found = [cells for _, cells in read_table(file.getvalue().encode(), CSV).rows]
    assert found == [head, *rows]


@given(st.lists(st.tuples(CELLS, CELLS), max_size=20))
def test_every_row_is_good_or_says_what_is_wrong_and_doubles_all_say_so(rows: list[tuple[str, str]]) -> None:
    checked = check_rows(COLUMNS, [(number, cells) for number, cells in enumerate(rows, start=2)])
    for row in checked:
        assert ResolvedRow(row=row.row, fields={}, problems=row.problems).status == (
            "error" if row.problems else "ok"
        )
        assert all(
            problem.message(texts_in("fr")) and problem.message(texts_in("en")) for problem in row.problems
        )
    good = [row.fields["number"] for row in checked if not row.problems]
    assert len(good) == len(set(good))


@given(st.text(max_size=300))
def test_a_cleaned_name_is_one_short_visible_name(name: str) -> None:
    cleaned = clean_name(name, CSV)
    assert 0 < len(cleaned) <= 100
    assert cleaned.isprintable()
    assert "/" not in cleaned
    assert "\\" not in cleaned
    assert clean_name(cleaned, CSV) == cleaned


def test_a_workbook_is_read_as_it_was_written() -> None:
    rows = [("number", "cost_centre"), *((f"047{index:07d}", f"CC {index}") for index in range(50))]
    found = [tuple(cells) for _, cells in read_table(files.xlsx(*rows), XLSX).rows]
    assert found == rows
