"""Mail over SMTP, against a server that speaks just enough of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from email import message_from_string
from email.headerregistry import Address
from email.message import Message
from email.policy import default

import pytest

from dream_api.gateways.mail import Mail, MailUnavailable, SmtpMail

MAIL = Mail("ada@example.com", "123456 is your code for Acmé", "Grüße\n\n    123456\n", "123456")


@dataclass
class SmtpServer:
    """Takes every mail, or refuses every recipient."""

    refuses: bool = False
    port: int = 0
    received: list[Message] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation."""
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            writer.write(await self._answer(line.split(" ")[0].upper(), reader, writer))
            if line.upper() == "QUIT":
                break
        writer.close()

    async def _answer(
        self, verb: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes:
        if verb == "RCPT" and self.refuses:
            return b"550 nobody here\r\n"
        if verb != "DATA":
            return b"250 ok\r\n"
        writer.write(b"354 go on\r\n")
        text = (await reader.readuntil(b"\r\n.\r\n")).decode()
        self.received.append(message_from_string(text.removesuffix("\r\n.\r\n")))
        return b"250 ok\r\n"


@pytest.fixture
async def server() -> AsyncIterator[SmtpServer]:
    """Listen on a free port."""
    smtp = SmtpServer()
    listening = await asyncio.start_server(smtp.serve, "127.0.0.1", 0)
    smtp.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield smtp


async def test_a_mail_arrives_as_it_was_written(server: SmtpServer) -> None:
    """Plain text in any language, from whom the address says."""
    gateway = SmtpMail(
        f"smtp://127.0.0.1:{server.port}?from=hello@acme.example", "unused@x.example"
    )

    await gateway.send(MAIL)
    received = server.received[0]
    content = received.get_payload(decode=True)

    assert isinstance(content, bytes)
    assert MAIL.text == content.decode().replace("\r\n", "\n")
    assert ("ada@example.com", "hello@acme.example") == (received["To"], received["From"])
    assert "auto-generated" == received["Auto-Submitted"]


async def test_a_mail_carries_both_its_forms(server: SmtpServer) -> None:
    """Text first, HTML last: a program shows the last one that it can (RFC 2046, 5.1.4)."""
    gateway = SmtpMail(f"smtp://127.0.0.1:{server.port}", "no-reply@dream.example")

    await gateway.send(replace(MAIL, html="<p>Grüße <b>123456</b></p>"))
    parts = list(server.received[0].walk())[1:]

    assert ["text/plain", "text/html"] == [part.get_content_type() for part in parts]
    shown = parts[1].get_payload(decode=True)
    assert isinstance(shown, bytes)
    assert "<p>Grüße <b>123456</b></p>" == shown.decode().strip()


async def test_a_mail_is_from_the_app_that_the_person_knows(server: SmtpServer) -> None:
    """The name is the app's, in any letters; the address stays the one that may send."""
    gateway = SmtpMail(f"smtp://127.0.0.1:{server.port}", "no-reply@dream.example")

    for name in ("Acmé, Inc.", 'Ac"me" <evil@x.example>'):
        await gateway.send(replace(MAIL, sender_name=name))
    shown = [
        (address.display_name, address.addr_spec)
        for received in server.received
        for address in _senders(received)
    ]

    assert [
        ("Acmé, Inc.", "no-reply@dream.example"),
        ('Ac"me" <evil@x.example>', "no-reply@dream.example"),
    ] == shown


def _senders(received: Message) -> tuple[Address, ...]:
    parsed = message_from_string(received.as_string(), policy=default)
    found: tuple[Address, ...] = parsed["From"].addresses
    return found


async def test_a_refusal_is_tried_again_later(server: SmtpServer) -> None:
    """The outbox hears of it, without the server's words, which may name the address."""
    server.refuses = True
    gateway = SmtpMail(f"smtp://127.0.0.1:{server.port}", "us@dream.example")

    with pytest.raises(MailUnavailable) as refusal:
        await gateway.send(MAIL)

    assert "ada@" not in str(refusal.value)


async def test_a_server_that_is_away_is_tried_again_later(server: SmtpServer) -> None:
    """Nothing listens there."""
    gateway = SmtpMail("smtp://127.0.0.1:9", "us@dream.example")

    with pytest.raises(MailUnavailable):
        await gateway.send(MAIL)

    assert [] == server.received


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"], ids=repr)
def test_what_is_no_mail_server_is_refused_at_the_start(url: str) -> None:
    """A wrong setting is found when the program starts, not when the first mail is lost."""
    with pytest.raises(ValueError, match="DREAM_SMTP_URL"):
        SmtpMail(url, "us@dream.example")
