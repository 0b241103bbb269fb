"""What a realm writes to people: the code, what else to do, and in whose name and look.

Each mail is plain text, and the same words as HTML in the app's colour for programs that show it.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from dream_api.kit.colors import ink_on
from dream_api.shared.identity.model import CODE_LIFETIME, MailBrand

MAIL_KIND = "mail"
"""The outbox's kind of these messages."""
_APP_NAME_CHARACTERS_MAX = 60
_CODE_MINUTES = int(CODE_LIFETIME.total_seconds() // 60)

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """One paragraph in both forms."""

    text: str
    html: str


def sign_up_code(to: str, brand: MailBrand, code: str, link: str) -> Payload:
    """Ask a newcomer to prove the address."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"{code} is your code for {app}",
        [
            _says(f"Your code to finish signing up at {app} is:"),
            _shows(code),
            *_or_press(link, "Confirm the address", brand),
            _says("On another device than the one you signed up on, it asks for your password."),
            _says(
                "If you did not sign up just now, do nothing, and give the code to nobody: "
                "without it there is no account."
            ),
        ],
        code=code,
        link=link,
    )


def account_exists(to: str, brand: MailBrand, link: str) -> Payload:
    """Tell the owner of an address that somebody signed up with it once more."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"You already have an account at {app}",
        [
            _says(f"Somebody, probably you, tried to sign up at {app} with this address."),
            _says("It already has an account. Sign in, or ask for a new password there:"),
            _links(link, "Sign in", brand),
            _says("If it was not you, do nothing: nothing has changed."),
        ],
        link=link,
    )


def reset_code(to: str, brand: MailBrand, code: str, link: str) -> Payload:
    """Send the code that sets a new password."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"{code} is your code for a new password at {app}",
        [
            _says(f"Your code to set a new password at {app} is:"),
            _shows(code),
            *_or_press(link, "Choose a new password", brand),
            _says("A new password ends all your sessions."),
            _says("If you did not ask for it, do nothing: your password stays as it is."),
        ],
        code=code,
        link=link,
    )


def email_change_code(to: str, brand: MailBrand, code: str, link: str) -> Payload:
    """Ask a person to prove the new address."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"{code} is your code for {app}",
        [
            _says(f"Your code to use this address at {app} is:"),
            _shows(code),
            *_or_press(link, "Confirm the address", brand),
            _says("It works where you are signed in to the account."),
            _says("If you did not ask for it, do nothing: this address stays unused."),
        ],
        code=code,
        link=link,
    )


def email_changed(to: str, brand: MailBrand, new_email: str) -> Payload:
    """Tell the old address that it is no longer the account's."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"Your address at {app} was changed",
        [
            _says(f"Your account at {app} now uses the address {new_email}."),
            _says(
                f"If it was not you, answer the people behind {app} at once: "
                "somebody else was signed in."
            ),
        ],
    )


def password_changed(to: str, brand: MailBrand, link: str) -> Payload:
    """Tell a person that the password was changed."""
    app = _one_line(brand.name)
    return _mail(
        to,
        brand,
        f"Your password at {app} was changed",
        [
            _says(f"Your password at {app} was just changed, and other sessions were ended."),
            _says("If it was not you, set a new password at once, with a code by mail:"),
            _links(link, "Set a new password", brand),
        ],
        link=link,
    )


def _mail(
    to: str,
    brand: MailBrand,
    subject: str,
    parts: list[_Part],
    *,
    code: str | None = None,
    link: str | None = None,
) -> Payload:
    return {
        "to": to,
        "subject": subject,
        "text": "\n\n".join(part.text for part in parts) + "\n",
        "html": _page(brand, subject, parts),
        "code": code,
        "link": link,
        "sender_name": _one_line(brand.name),
    }


def _one_line(app: str) -> str:
    """Bring the app's name, its developer's text, into one line that fits a subject."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", app).strip()[:_APP_NAME_CHARACTERS_MAX]


def _says(text: str) -> _Part:
    return _Part(text, f'<p style="margin:0 0 16px">{escape(text)}</p>')


def _shows(code: str) -> _Part:
    look = "margin:0 0 16px;font:600 28px/1.3 ui-monospace,Menlo,Consolas,monospace"
    return _Part(f"    {code}", f'<p style="{look};letter-spacing:.2em">{escape(code)}</p>')


def _links(link: str, label: str, brand: MailBrand) -> _Part:
    look = "display:inline-block;padding:10px 18px;border-radius:8px;text-decoration:none"
    colors = f"background:{brand.color};color:{ink_on(brand.color)};font-weight:600"
    button = f'<a href="{escape(link)}" style="{look};{colors}">{escape(label)}</a>'
    return _Part(f"    {link}", f'<p style="margin:0 0 16px">{button}</p>')


def _or_press(link: str, label: str, brand: MailBrand) -> list[_Part]:
    return [
        _says("Or open this page and press the button:"),
        _links(link, label, brand),
        _says(f"Either works once: the code for {_CODE_MINUTES} minutes, the page for an hour."),
    ]


def _page(brand: MailBrand, subject: str, parts: list[_Part]) -> str:
    """Lay the parts out the way mail programs can show them: styles inline, no script, no form."""
    body = "\n".join(part.html for part in parts)
    font = "font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(subject)}</title></head>\n'
        f'<body style="margin:0;padding:24px 16px;{font}">'
        f'<div role="main" style="max-width:480px;margin:0 auto">\n{_head(brand)}\n{body}\n'
        "</div></body></html>\n"
    )


def _head(brand: MailBrand) -> str:
    name = escape(_one_line(brand.name))
    look = f"margin:0 0 24px;padding:0 0 12px;border-bottom:3px solid {brand.color}"
    shown = name
    if brand.logo_url is not None:
        logo = escape(brand.logo_url)
        shown = f'<img src="{logo}" alt="{name}" height="40" style="height:40px;border:0">'
    return f'<h1 style="{look};font-size:20px;font-weight:600">{shown}</h1>'
