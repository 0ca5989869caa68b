"""E-mail addresses that can be written to, at the doors that take one and where mail leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.addresses import ascii_email, email_valid
from backend.integrations.mail import Mail, SmtpMailer, UndeliverableError, compose

GOOD = ("sofie@delta.example", "O'Neil+x@ex-ample.co.uk", "an.peeters@sub.domain.be", "an@ex\u00e4mple.be")
WRONG = (
    "", "an", "an@", "@example.com", "\u00e9lise@exemple.be", "an..peeters@example.com", ".an@example.com",
    "an.@example.com", "an@example..com", "an@example", "an@localhost", "mailto:an@example.com", "an(p@example.com",
    "an:p@example.com", "a b@example.com", "an@exa mple.com", "an@example.com, bo@example.com", "an@[127.0.0.1]",
    '"an b"@example.com', "an@example.com\n", "an@example.com\r\nBcc: bo@example.com", "a" * 65 + "@example.com",
    "a@" + "b" * 250 + ".be",
)  # fmt: skip


def mail_to(address: str) -> Mail:
    return Mail(message_id="<1@example.com>", to=address, subject="s", text="t")


@pytest.mark.parametrize("address", GOOD)
def test_a_good_address_is_taken_and_written(address: str) -> None:
    assert email_valid(address)
    assert str(compose(mail_to(address), "Fleetline <a@b.example>")["To"]) == ascii_email(address)
    assert ascii_email(address).isascii()


@pytest.mark.parametrize("address", WRONG)
async def test_an_address_that_no_mail_reaches_is_refused_and_never_repeated(address: str) -> None:
    assert not email_valid(address)
    with pytest.raises(UndeliverableError):
        await SmtpMailer("smtp://127.0.0.1:9", "Fleetline <a@b.example>").send(mail_to(address))


@given(st.text(max_size=40))
def test_what_is_taken_can_be_written(text: str) -> None:
    for address in (text, f"{text}@example.com", f"an@{text}.be"):
        if email_valid(address):
            assert compose(mail_to(address), "Fleetline <a@b.example>")["To"]
