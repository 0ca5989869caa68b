"""A mail server's password never travels in the clear."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend.core.errors import Unavailable
from backend.integrations.mail import Mail, SmtpMailer

MAIL = Mail(message_id="<1@portal.example>", to="an@delta.example", subject="Hello", text="Hello")


class PlainServer:
    """Takes mail, and offers no encryption."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 plain\r\n")
        in_text = False
        while line := await reader.readline():
            self.heard.append(line.decode().strip())
            word = self.heard[-1].partition(" ")[0].upper()
            if in_text:
                if self.heard[-1] != ".":
                    continue
                in_text = False
            if word == "EHLO":
                writer.write(b"250-plain\r\n250 AUTH PLAIN LOGIN\r\n")
            elif word == "DATA":
                in_text = True
                writer.write(b"354 go on\r\n")
            elif word == "QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"235 yes\r\n" if word == "AUTH" else b"250 yes\r\n")
        writer.close()


@pytest.fixture
async def plain() -> AsyncIterator[PlainServer]:
    one = PlainServer()
    server = await asyncio.start_server(one.talk, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    yield one
    server.close()


async def test_without_a_password_a_plain_server_is_used(plain: PlainServer) -> None:
    await SmtpMailer(f"smtp://127.0.0.1:{plain.port}", "Portal <p@portal.example>").send(MAIL)
    assert any(line.startswith("RCPT") for line in plain.heard)


@pytest.mark.parametrize("login", ["user:secret", "user", ":secret"])
async def test_with_a_password_it_is_not(plain: PlainServer, login: str) -> None:
    mailer = SmtpMailer(f"smtp://{login}@127.0.0.1:{plain.port}", "Portal <p@portal.example>")
    with pytest.raises(Unavailable):
        await mailer.send(MAIL)
    assert not any(line.startswith(("AUTH", "MAIL", "RCPT")) for line in plain.heard)
