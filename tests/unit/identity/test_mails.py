"""What mails look like: the platform's name and colour, and nothing of it that could do harm."""

import re

import pytest

from dream_api.kit.colors import CONTRAST_MIN, contrast
from dream_api.shared.identity import MailBrand
from dream_api.shared.identity.mails import (
    account_exists,
    email_change_code,
    email_changed,
    password_changed,
    reset_code,
    sign_up_code,
)

TO, LINK = "ada@example.com", "https://dream.example/confirm?token=v1.a.b&x=1"
LOGO = "https://dream.example/p/pk/logo/abc"


def every_mail(brand: MailBrand) -> list[dict[str, str]]:
    """Write each kind of mail once."""
    return [
        sign_up_code(TO, brand, "123456", LINK),
        account_exists(TO, brand, LINK),
        reset_code(TO, brand, "123456", LINK),
        email_change_code(TO, brand, "123456", LINK),
        email_changed(TO, brand, "new@example.com"),
        password_changed(TO, brand, LINK),
    ]


def test_every_mail_comes_in_the_platforms_brand() -> None:
    """Name, colour and logo; the name stands in where the logo is not shown."""
    for mail in every_mail(MailBrand("Acme", "#0a7f5a", LOGO)):
        assert "Acme" == mail["sender_name"]
        assert "Acme" in mail["subject"]
        assert "#0a7f5a" in mail["html"]
        assert f'<img src="{LOGO}" alt="Acme"' in mail["html"]


def test_both_forms_say_the_same() -> None:
    """Each paragraph of the text stands in the HTML; so do code and link."""
    for mail in every_mail(MailBrand("Acme", "#0a7f5a")):
        for paragraph in mail["text"].strip().split("\n\n"):
            said = paragraph.strip().replace("&", "&amp;")
            assert said in mail["html"], said


@pytest.mark.parametrize("color", ["#ffffff", "#000000", "#ffcc00", "#777777", "#5b4be1"])
def test_the_button_can_be_read_on_any_colour(color: str) -> None:
    """The ink follows the colour that a developer chose."""
    mail = sign_up_code(TO, MailBrand("Acme", color), "123456", LINK)
    found = re.search(r"background:(#\w{6});color:(#\w{6})", mail["html"])

    assert found is not None
    assert contrast(found[1], found[2]) >= CONTRAST_MIN


def test_an_apps_name_is_only_text() -> None:
    """Neither markup, nor another header line, nor a page-long name comes out of it."""
    name = '<img src=x onerror=alert(1)>"\r\nBcc: eve@example.com\x00' + "x" * 200
    for mail in every_mail(MailBrand(name, "#0a7f5a", LOGO)):
        assert "<img src=x" not in mail["html"]
        assert not set("\r\n\x00") & set(mail["subject"] + mail["sender_name"])
        assert len(mail["sender_name"]) <= 60


def test_a_mail_loads_nothing_of_strangers() -> None:
    """No script, no form, no style sheet, no picture but the platform's logo."""
    for mail in every_mail(MailBrand("Acme", "#0a7f5a", LOGO)):
        addresses = re.findall(r'(?:src|href)="([^"]+)"', mail["html"])
        assert set(addresses) <= {LOGO, LINK.replace("&", "&amp;")}
        assert not re.search(r"<(script|form|link|style|iframe)", mail["html"])
