"""Cookies and security headers, behind https and on a laptop."""

from starlette.responses import Response

from dream_api.kit.keys import Mode, issue_key
from dream_api.services.http.cookies import developer_cookie, end_user_cookie, set_session_cookie
from dream_api.services.http.security_headers import SecurityHeaders
from dream_api.services.http.settings import DoorSettings

PUBLIC = DoorSettings("https://api.example")
LAPTOP = DoorSettings("http://localhost:8787", development=True)


def test_a_public_session_cookie_is_bound_to_our_origin() -> None:
    """``__Host-``: encrypted, this host alone, every path; no script reads it."""
    response = Response()
    set_session_cookie(
        response, developer_cookie(PUBLIC), "secret", settings=PUBLIC, max_age_seconds=60
    )

    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-da_dev=secret;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_laptop_has_cookies_without_the_prefix() -> None:
    """Browsers refuse the prefix over plain http."""
    assert "da_dev" == developer_cookie(LAPTOP)


def test_two_platforms_never_share_a_cookie() -> None:
    """Signing in to one app signs nobody in to another."""
    first, second = issue_key("pk", Mode.LIVE), issue_key("pk", Mode.LIVE)

    assert end_user_cookie(PUBLIC, first) != end_user_cookie(PUBLIC, second)


def test_an_answer_says_nothing_may_be_guessed_framed_or_kept() -> None:
    """The defaults of everything that is no page."""
    headers = dict(SecurityHeaders(PUBLIC).complete([]))

    assert b"nosniff" == headers[b"x-content-type-options"]
    assert b"no-store" == headers[b"cache-control"]
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert b"max-age=31536000; includeSubDomains" == headers[b"strict-transport-security"]


def test_plain_http_promises_no_https() -> None:
    """A laptop's browser must not remember localhost as https."""
    names = {name for name, _ in SecurityHeaders(LAPTOP).complete([])}

    assert b"strict-transport-security" not in names


def test_what_a_handler_says_stands() -> None:
    """A page brings its own policy, and a file its own caching."""
    own = [(b"Cache-Control", b"public, max-age=60")]

    headers = SecurityHeaders(PUBLIC).complete(own)

    assert [b"public, max-age=60"] == [
        value for name, value in headers if name.lower() == b"cache-control"
    ]
