"""What a realm writes to people: plain text, the app's name, the code, and what else to do."""

import re
from typing import Any

from dream_api.shared.identity.model import CODE_LIFETIME

MAIL_KIND = "mail"
"""The outbox's kind of these messages."""
_APP_NAME_CHARACTERS_MAX = 60
_CODE_MINUTES = int(CODE_LIFETIME.total_seconds() // 60)

Payload = dict[str, Any]


def sign_up_code(to: str, app: str, code: str, link: str) -> Payload:
    """Ask a newcomer to prove the address."""
    return _mail(
        to,
        app,
        f"{code} is your code for {{app}}",
        f"Your code to finish signing up at {{app}} is:\n\n    {code}\n\n"
        f"{_or_press(link)}"
        "If you did not sign up just now, do nothing: without the code there is no account.",
        code=code,
        link=link,
    )


def account_exists(to: str, app: str, link: str) -> Payload:
    """Tell the owner of an address that somebody signed up with it once more."""
    return _mail(
        to,
        app,
        "You already have an account at {app}",
        "Somebody, probably you, tried to sign up at {app} with this address.\n"
        "It already has an account. Sign in, or ask for a new password there:\n\n"
        f"    {link}\n\n"
        "If it was not you, do nothing: nothing has changed.",
        link=link,
    )


def reset_code(to: str, app: str, code: str, link: str) -> Payload:
    """Send the code that sets a new password."""
    return _mail(
        to,
        app,
        f"{code} is your code for a new password at {{app}}",
        f"Your code to set a new password at {{app}} is:\n\n    {code}\n\n"
        f"{_or_press(link)}"
        "A new password ends all your sessions.\n\n"
        "If you did not ask for it, do nothing: your password stays as it is.",
        code=code,
        link=link,
    )


def email_change_code(to: str, app: str, code: str, link: str) -> Payload:
    """Ask a person to prove the new address."""
    return _mail(
        to,
        app,
        f"{code} is your code for {{app}}",
        f"Your code to use this address at {{app}} is:\n\n    {code}\n\n"
        f"{_or_press(link)}"
        "If you did not ask for it, do nothing: this address stays unused.",
        code=code,
        link=link,
    )


def email_changed(to: str, app: str, new_email: str) -> Payload:
    """Tell the old address that it is no longer the account's."""
    return _mail(
        to,
        app,
        "Your address at {app} was changed",
        f"Your account at {{app}} now uses the address {new_email}.\n\n"
        "If it was not you, answer the people behind {app} at once: somebody else was signed in.",
    )


def password_changed(to: str, app: str, link: str) -> Payload:
    """Tell a person that the password was changed."""
    return _mail(
        to,
        app,
        "Your password at {app} was changed",
        "Your password at {app} was just changed, and other sessions were ended.\n\n"
        "If it was not you, set a new password at once, with a code by mail:\n\n"
        f"    {link}",
        link=link,
    )


def _or_press(link: str) -> str:
    return (
        f"Or open this page and press the button:\n\n    {link}\n\n"
        f"Either works once: the code for {_CODE_MINUTES} minutes, the page for an hour.\n\n"
    )


def _mail(
    to: str, app: str, subject: str, text: str, *, code: str | None = None, link: str | None = None
) -> Payload:
    # The app's name is its developer's text: one line, and of a length that fits a subject.
    name = re.sub(r"[\s\x00-\x1f\x7f]+", " ", app).strip()[:_APP_NAME_CHARACTERS_MAX]
    return {
        "to": to,
        "subject": subject.replace("{app}", name),
        "text": text.replace("{app}", name) + "\n",
        "code": code,
        "link": link,
        "sender_name": name,
    }
