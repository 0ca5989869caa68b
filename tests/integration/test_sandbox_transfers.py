"""A transfer that a person makes in the sandbox, and the statements of it that the operator hands in."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import httpx
import pytest

from backend.billing.statements.reading import read_statements
from backend.sandbox.payments.transfer_pages import cents_of
from tests.support.sandbox import Sandbox, running_sandbox

FORM = {
    "to_iban": "BE68 5390 0754 7034",
    "amount": "4 830,84",
    "communication": "+++090/9337/55493+++",
    "from_iban": "BE71 0961 2345 6769",
    "holder": "Delta Logistics SA",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("transfers")) as sandbox:
        yield sandbox


@pytest.fixture
async def browser(running: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    running.reset()
    async with httpx.AsyncClient(base_url=running.url, follow_redirects=True) as found:
        yield found


async def files(browser: httpx.AsyncClient, **more: str) -> list[bytes]:
    """The files of a transfer that is made now."""
    page = await browser.post("/pay/transfer", data=FORM | more)
    assert page.status_code == 200, page.text
    found = re.findall(r'href="(/pay/transfer/[^"]+/statement\.[a-z]+)"', page.text)
    assert [path.rpartition(".")[2] for path in found] == ["cod", "xml"]
    return [(await browser.get(path)).content for path in found]


async def test_both_files_say_the_same_of_a_transfer(browser: httpx.AsyncClient) -> None:
    for content in await files(browser):
        (statement,) = read_statements(content)
        assert statement.problems == []
        assert statement.iban == "BE68539007547034"
        (payment,) = statement.payments()
        assert (payment.amount, payment.communication) == (Decimal("4830.84"), "090933755493")
        assert (payment.iban, payment.name) == ("BE71096123456769", "Delta Logistics SA")


async def test_a_free_communication_stays_as_it_was_written(browser: httpx.AsyncClient) -> None:
    for content in await files(browser, communication="Facture 2026-110417, merci", amount="0.01"):
        (payment,) = read_statements(content)[0].payments()
        assert (payment.amount, payment.communication, payment.text) == (
            Decimal("0.01"),
            "",
            "Facture 2026-110417, merci",
        )


async def test_each_statement_begins_where_the_one_before_ended(browser: httpx.AsyncClient) -> None:
    statements = [read_statements(content)[0] for _ in range(3) for content in (await files(browser))[1:]]
    for before, after in itertools.pairwise(statements):
        assert before.closing == after.opening
    assert len({one.number for one in statements}) == 3
    assert len({one.payments()[0].bank_reference for one in statements}) == 3


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"to_iban": "BE00"}, "Give the operator&#x27;s IBAN"),
        ({"amount": "0"}, "Give an amount from"),
        ({"amount": "NaN"}, "Give an amount from"),
        ({"communication": "x" * 141}, "Give at most 140 signs"),
        ({"from_iban": ""}, "Give an IBAN with right check digits"),
        ({"holder": " "}, "Give the name of the account holder"),
    ],
)
async def test_a_field_that_is_wrong_is_named(
    browser: httpx.AsyncClient, more: dict[str, str], words: str
) -> None:
    page = await browser.post("/pay/transfer", data=FORM | more)
    assert page.status_code == 422
    assert words.replace("&#x27;", "'") in page.text
    assert 'href="/pay/transfer/transfer_' not in (await browser.get("/payments")).text


async def test_the_address_can_name_amount_and_communication(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/pay/transfer", params={"amount": "12,50", "communication": "<b>"})
    assert 'value="12,50"' in page.text
    assert 'value="&lt;b&gt;"' in page.text
    assert (await browser.get("/pay/transfer/none")).status_code == 404
    assert (await browser.get("/pay/transfer/none/statement.xml")).status_code == 404


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1", 100),
        ("1,5", 150),
        ("€ 1.50", 150),
        ("1 000,00", 100_000),
        ("999999.99", 99_999_999),
        ("1,005", None),
    ]
    + [(text, None) for text in ("", "-1", "1e3x", "Infinity", "1000000", "1.000,00")],
)
def test_amounts_as_people_write_them(text: str, cents: int | None) -> None:
    assert cents_of(text) == cents
