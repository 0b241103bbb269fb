"""Health, measures, the mailbox and the clock."""

import re

import httpx
import pytest

from tests.journeys.driver import Developer

FORWARDED = {"X-Forwarded-For": "203.0.113.9"}


async def test_everything_that_was_started_is_ready(http: httpx.AsyncClient) -> None:
    """Both stores take writes and both loops go round."""
    assert {"status": "ok"} == (await http.get("/readyz")).json()
    assert {"status": "ok"} == (await http.get("/healthz")).json()


async def test_measures_name_routes_and_no_ids(
    http: httpx.AsyncClient, developer: Developer
) -> None:
    """Patterns stay few; ids would be as many as people."""
    await http.get("/platform/dashboard/users/somebody", headers=developer.headers)

    measures = (await http.get("/metrics")).text

    assert 'route="/platform/dashboard/users/{user_id}"' in measures
    assert "somebody" not in measures


@pytest.mark.parametrize("path", ["/metrics", "/dev/mailbox"])
async def test_what_is_for_this_machine_is_hidden_from_others(
    http: httpx.AsyncClient, path: str
) -> None:
    """A forwarding header means that somebody else stands behind the proxy."""
    assert 200 == (await http.get(path)).status_code
    assert 404 == (await http.get(path, headers=FORWARDED)).status_code


async def test_mail_is_listed_newest_last(http: httpx.AsyncClient, newcomer: Developer) -> None:
    """As JSON for programs, as a plain page for people."""
    await http.post("/platform/password/forgot", json={"email": newcomer.email})

    mails = (await http.get("/dev/mailbox", params={"to": newcomer.email})).json()
    page = await http.get("/dev/mailbox", headers={"Accept": "text/html"})

    assert {newcomer.email} == {mail["to"] for mail in mails}
    assert sorted(mail["at"] for mail in mails) == [mail["at"] for mail in mails]
    assert {"to", "subject", "code", "link", "text", "at"} == set(mails[0])
    assert page.headers["content-type"].startswith("text/html")


async def test_a_mail_is_shown_as_it_looks(http: httpx.AsyncClient, newcomer: Developer) -> None:
    """In a sandbox where nothing runs; on another machine, or for another mail, it is missing."""
    await http.post("/platform/password/forgot", json={"email": newcomer.email})
    query = {"to": newcomer.email, "format": "html"}
    listed = (await http.get("/dev/mailbox", params=query)).text
    path = re.findall(r'href="(/dev/mailbox/[^"]+)"', listed)[0]

    shown = await http.get(path)

    assert "Choose a new password" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "script-src" not in shown.headers["content-security-policy"]
    assert 404 == (await http.get(path, headers=FORWARDED)).status_code
    assert 404 == (await http.get("/dev/mailbox/mail_unknown")).status_code


@pytest.mark.parametrize("seconds", [0, -1, 10**12, "5", 1.5, None])
async def test_time_moves_forward_by_whole_seconds(
    http: httpx.AsyncClient, seconds: object
) -> None:
    """Backwards, nowhere or beyond all dates it does not."""
    answer = await http.post("/dev/clock", json={"advanceSeconds": seconds})

    assert 422 == answer.status_code


async def test_other_sites_do_not_move_time(http: httpx.AsyncClient) -> None:
    """Any page that a developer visits could otherwise."""
    answer = await http.post(
        "/dev/clock", json={"advanceSeconds": 1}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert 403 == answer.status_code
