"""Mail from the adapter to the sandbox's mailbox and its pages; refusals told from outages."""

import asyncio
import smtplib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from backend.core.errors import Unavailable
from backend.integrations.mail import Mail, SmtpMailer, UndeliverableError, compose
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.serving import free_port

SENDER = "Fleetline <portail@comptoir-mobile.example>"


def mail(**more: str) -> Mail:
    fields = {
        "message_id": "<order-1.ended@fleetline.example>",
        "to": "sofie@delta.example",
        "subject": "votre demande sur le portail – options",
        "text": "Bonjour Sofie,\nvotre demande est terminée.\n",
        "html": "<p style='color:#0b5c58'>Bonjour <b>Sofie</b>,<script>alert(1)</script></p>",
        "language": "fr",
    }
    return Mail(**(fields | more))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("mailbox")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


async def test_a_mail_arrives_as_it_was_written(sandbox: Sandbox) -> None:
    await SmtpMailer(sandbox.smtp_url, SENDER).send(mail())
    (found,) = sandbox.mails()
    assert found["message_id"] == "<order-1.ended@fleetline.example>"
    assert (found["to"], found["sender"]) == (["sofie@delta.example"], SENDER)
    assert found["subject"] == "votre demande sur le portail – options"
    assert "demande est terminée." in found["text"]
    assert "<b>Sofie</b>" in found["html"]


async def test_a_repeated_send_is_counted_and_kept_once(sandbox: Sandbox) -> None:
    mailer = SmtpMailer(sandbox.smtp_url, SENDER)
    for _ in range(3):
        await mailer.send(mail())
    await mailer.send(mail(message_id="<order-2.ended@fleetline.example>", html=""))
    assert [(each["message_id"][:8], each["times"]) for each in sandbox.mails()] == [
        ("<order-2", 1),
        ("<order-1", 3),
    ]


async def test_mails_are_found_by_recipient(sandbox: Sandbox) -> None:
    mailer = SmtpMailer(sandbox.smtp_url, SENDER)
    await mailer.send(mail())
    await mailer.send(mail(message_id="<2@fleetline.example>", to="nora@lumen.example"))
    assert [each["to"] for each in sandbox.mails("NORA@lumen.example")] == [["nora@lumen.example"]]
    assert sandbox.mails("ora@lumen.example") == []


async def test_the_pages_show_a_mail_and_run_nothing_of_it(sandbox: Sandbox) -> None:
    mailer = SmtpMailer(sandbox.smtp_url, SENDER)
    for _ in range(2):
        await mailer.send(mail(subject="<img src=x> & co"))
    async with httpx.AsyncClient(base_url=sandbox.url) as client:
        listed = await client.get("/mail", params={"to": "sofie@delta.example"})
        number = sandbox.mails()[0]["id"]
        shown = await client.get(f"/mail/{number}")
        html = await client.get(f"/mail/{number}/html")
        missing = await client.get("/mail/999999")
    for page in (listed, shown):
        assert "&lt;img src=x&gt; &amp; co" in page.text
        assert "<img" not in page.text
        assert "2 times" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'sandbox=""' in shown.text
    assert "<script>" not in shown.text
    assert html.headers["content-security-policy"].startswith("sandbox ")
    assert "script-src" not in html.headers["content-security-policy"]
    assert missing.status_code == 404


async def test_a_mail_is_still_there_after_a_restart(sandbox: Sandbox) -> None:
    await SmtpMailer(sandbox.smtp_url, SENDER).send(mail())
    sandbox.stop()
    sandbox.start()
    assert len(sandbox.mails()) == 1


async def test_no_server_is_an_outage() -> None:
    port = free_port()
    with pytest.raises(Unavailable):
        await SmtpMailer(f"smtp://127.0.0.1:{port}", SENDER, timeout=2).send(mail())


@asynccontextmanager
async def answering(status: str) -> AsyncIterator[str]:
    """A mail server that answers every recipient so."""

    class Handler:
        async def handle_RCPT(self, *_: object) -> str:  # noqa: N802 - aiosmtpd calls it
            return status

        async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
            return "250 OK"

    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Handler(), hostname="test"), "127.0.0.1", 0
    )
    async with server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_refusal_for_good_is_told_from_one_for_now() -> None:
    async with answering("550 no such user") as url:
        with pytest.raises(UndeliverableError, match="no such user"):
            await SmtpMailer(url, SENDER).send(mail())
    async with answering("451 greylisted") as url:
        with pytest.raises(Unavailable, match="greylisted"):
            await SmtpMailer(url, SENDER).send(mail())


@pytest.mark.parametrize(
    "broken", [{"to": "no address"}, {"subject": "one\ntwo"}, {"to": "a@b.example\r\nBcc: x@y.example"}]
)
async def test_a_mail_that_cannot_exist_is_refused_for_good(sandbox: Sandbox, broken: dict[str, str]) -> None:
    with pytest.raises(UndeliverableError, match="cannot be written"):
        await SmtpMailer(sandbox.smtp_url, SENDER).send(mail(**broken))
    assert sandbox.mails() == []


async def test_a_password_never_travels_in_the_clear() -> None:
    assert SmtpMailer("smtp://user:secret@mail.example", SENDER)._start_tls() is True
    assert SmtpMailer("smtps://user:secret@mail.example", SENDER)._start_tls() is False
    assert SmtpMailer("smtp://mail.example", SENDER)._start_tls() is None
    with pytest.raises(ValueError, match="smtp://host:port"):
        SmtpMailer("http://mail.example", SENDER)


def test_any_mail_program_can_deliver(sandbox: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.mail_port) as client:
        client.sendmail("a@b.example", ["c@d.example", "e@f.example"], "Subject: plain\r\n\r\nHello\r\n")
    (found,) = sandbox.mails("e@f.example")
    assert found["to"] == ["c@d.example", "e@f.example"]
    assert found["text"].strip() == "Hello"


SUBJECTS = {
    "fr": (
        "Votre demande dans le portail - Changer le plafond à l’étranger\N{NO-BREAK SPACE}: terminée",
        "Votre demande dans le portail - Changer le plafond à l'étranger",
        "Élément après élément, à l’été, où l’on énumère même ici çà et là l’œuvre déjà créée à côté d’une île très éloignée",
    ),
    "nl": (
        "Uw aanvraag in het portaal - Een geïdentificeerde privégebruiker ziet één vóór één de geëindigde aanvragen: voltooid",
        "Uw aanvraag in het portaal - Buitenlandlimiet wijzigen: voltooid",
    ),
    "de": (
        "Ihr Auftrag im Portal - Übertragung für größere Anschlüsse: zurückgezogen, weil ähnliche Aufträge schon länger über Köln laufen",
        "Ihr Auftrag im Portal - Auslandslimit ändern: abgeschlossen",
    ),
    "en": (
        "Your request in the portal - Move to another customer number: in progress, a part waits for you and for nobody else",
        "  two  spaces – kept – where “quotes” and – dashes – stand – between – words – of – one – letter – each – é é é é é",
    ),
}


@pytest.mark.parametrize("language", SUBJECTS)
async def test_a_subject_keeps_its_spaces_however_long_it_is(sandbox: Sandbox, language: str) -> None:
    mailer = SmtpMailer(sandbox.smtp_url, SENDER)
    for number, subject in enumerate(SUBJECTS[language]):
        await mailer.send(mail(subject=subject, message_id=f"<{number}@fleetline.example>"))
    arrived = {one["message_id"]: one["subject"] for one in sandbox.mails()}
    assert [arrived[f"<{number}@fleetline.example>"] for number in range(len(arrived))] == [
        *SUBJECTS[language]
    ]


@given(
    st.lists(
        st.sampled_from(["à", "l’étranger", "plafond", "–", "x" * 30, "é" * 40, "€", "12"]),
        min_size=1,
        max_size=30,
    )
)
def test_no_subject_loses_or_gains_a_space_by_folding(words: list[str]) -> None:
    subject = " ".join(words)
    written = compose(mail(subject=subject), SENDER).as_bytes(policy=policy.SMTP)
    assert all(len(line) <= 998 for line in written.split(b"\r\n"))
    assert message_from_bytes(written, policy=policy.default)["Subject"] == subject


@pytest.mark.parametrize("subject", ["one\r\nBcc: two@x.example", "one\ntwo", "one\rtwo", "one\u2028two"])
async def test_a_subject_of_two_lines_is_refused(sandbox: Sandbox, subject: str) -> None:
    with pytest.raises(UndeliverableError):
        await SmtpMailer(sandbox.smtp_url, SENDER).send(mail(subject=subject))
    assert sandbox.mails() == []


@pytest.mark.parametrize(
    "name",
    [
        "Opérateur à l’étranger",
        "Börse",
        "Fleetline",
        "é" * 75,
        "Opérateur " * 12 + "Mobile",
        "Fleetline Mobile " * 8 + "S.A.",
        "l’étranger 12 Société l’étranger l’été à Société S.A.",
    ],
)
async def test_the_senders_name_keeps_its_spaces(sandbox: Sandbox, name: str) -> None:
    await SmtpMailer(sandbox.smtp_url, f"{name} <portal@example.test>").send(mail())
    (found,) = sandbox.mails()
    assert found["sender"] == f"{name} <portal@example.test>"


async def test_an_address_of_the_sender_that_is_not_ascii_travels_as_it_is(sandbox: Sandbox) -> None:
    await SmtpMailer(sandbox.smtp_url, "Opérateur <portail@opérateur.example>").send(mail())
    (found,) = sandbox.mails()
    assert found["sender"] == "Opérateur <portail@opérateur.example>"


@given(
    st.lists(
        st.sampled_from(
            ["à", "l’étranger", "–", "x" * 30, "é" * 40, "12", "S.A.", "(B)", "A,B", 'a"b', "a@b"]
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_senders_name_loses_or_gains_a_space_by_folding(words: list[str]) -> None:
    name = " ".join(words)
    quoted = name.replace('"', '\\"')
    written = compose(mail(), f'"{quoted}" <portal@example.test>').as_bytes(policy=policy.SMTP)
    assert all(len(line) <= 78 for line in written.partition(b"\r\nTo:")[0].split(b"\r\n"))
    header = str(message_from_bytes(written, policy=policy.compat32)["From"]).replace("\r\n", "")
    read, address = parseaddr(header)
    assert (str(make_header(decode_header(read))), address) == (name, "portal@example.test")


@pytest.mark.parametrize("sender", ["one\u2028two <a@b.example>", '"one\r\nBcc: x@y.example" <a@b.example>'])
def test_a_senders_name_of_two_lines_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        compose(mail(), sender)
