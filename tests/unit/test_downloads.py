"""The names of downloads: whatever stands in a document, they end no header."""

import pytest

from backend.web.files import download


@pytest.mark.parametrize(
    "name", ["A\r\nset-cookie: a=b.xml", "A\nB.xml", "A\tB.xml", 'A"\\B.xml', "A\u202eB.xml"]
)
def test_a_name_ends_no_header(name: str) -> None:
    said = download(b"", name, "application/xml").headers["content-disposition"]
    assert said.isprintable()
    assert "%0D" not in said
    assert "%0A" not in said
    assert said.count('"') == 2
