"""Mail over SMTP: text and HTML, one recipient, TLS wherever the server offers it."""

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from dream_api.kit.errors import Unavailable

TIMEOUT_SECONDS = 15.0
_SUBMISSION_PORT = 587
_IMPLICIT_TLS_PORT = 465


class MailUnavailable(Unavailable):
    """The mail server does not answer or did not take the mail; the outbox tries again."""

    code = "mail_unavailable"
    title = "Mail cannot be sent now"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. ``to`` is a validated address; ``code`` and ``link`` also stand in ``text``."""

    to: str
    subject: str
    text: str
    code: str | None = None
    link: str | None = None
    sender_name: str | None = None
    """Who writes, as a mail program shows it: the app that the person knows."""

    html: str | None = None
    """The same words, for programs that show them with colours."""


class SmtpMail:
    """Sends through one SMTP server.

    Args:
        url: ``smtp://user:password@host:587`` (STARTTLS where offered) or ``smtps://…:465``;
            ``?from=address`` names the sender.
        sender: who the mails are from, unless the address names somebody else.

    Raises:
        ValueError: the address is no SMTP address.
    """

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("DREAM_SMTP_URL must look like smtp://user:password@host:587")
        self._host = parts.hostname
        self._is_implicit_tls = parts.scheme == "smtps"
        self._port = parts.port or (
            _IMPLICIT_TLS_PORT if self._is_implicit_tls else _SUBMISSION_PORT
        )
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = parse_qs(parts.query).get("from", [sender])[0]

    async def send(self, mail: Mail) -> None:
        """Hand one mail to the server.

        Raises:
            MailUnavailable: the server is away, slow, or refused it.
        """
        # Addresses and the protocol take 1 MB, which only the process that sends needs.
        from email.headerregistry import Address  # noqa: PLC0415 - see above.
        from email.message import EmailMessage  # noqa: PLC0415 - see above.

        import aiosmtplib  # noqa: PLC0415 - see above.

        message = EmailMessage()
        message["From"] = Address(mail.sender_name or "", addr_spec=self._sender)
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers.
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._username,
                password=self._password,
                use_tls=self._is_implicit_tls,
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            # The server's words may hold the address; the class of the error says enough.
            raise MailUnavailable(f"The mail server refused: {type(error).__name__}.") from error
