"""Which routes exist, by who signs people in; and settings that cannot be."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from dream_api.app import describe, open_product
from dream_api.gateways.clock import MovableClock
from dream_api.settings import IdentitySource, Settings
from tests.clerk_server import FakeClerk
from tests.integration.clerk.conftest import ORIGIN, Clerked, settings_of

BUILTIN = [
    ("POST", "/platform/sign-up"),
    ("POST", "/platform/verify-email"),
    ("POST", "/platform/sign-in"),
    ("POST", "/platform/refresh"),
    ("POST", "/platform/sign-out"),
    ("POST", "/platform/password/forgot"),
    ("POST", "/platform/password/reset"),
    ("POST", "/platform/password/change"),
    ("POST", "/platform/email/change"),
    ("GET", "/realms/developers/.well-known/jwks.json"),
    ("GET", "/realms/developers/.well-known/openid-configuration"),
    ("POST", "/v1/auth/sign-up"),
    ("POST", "/v1/auth/verify"),
    ("POST", "/v1/auth/sign-in"),
    ("POST", "/v1/auth/token"),
    ("POST", "/v1/auth/refresh"),
    ("POST", "/v1/auth/sign-out"),
    ("POST", "/v1/auth/password/forgot"),
    ("POST", "/v1/auth/password/reset"),
    ("POST", "/v1/auth/password/change"),
    ("POST", "/v1/auth/email/change"),
    ("GET", "/realms/{platformId}/.well-known/jwks.json"),
    ("GET", "/realms/{platformId}/.well-known/openid-configuration"),
]


@pytest.mark.parametrize(("method", "path"), BUILTIN)
async def test_where_clerk_signs_in_our_own_way_in_is_closed(
    clerked: Clerked, method: str, path: str
) -> None:
    """404, and the detail names Clerk: two ways in would be two sets of passwords."""
    answer = await clerked.client.request(method, path, json={})

    assert (404, "not_found") == (answer.status_code, answer.json()["code"])
    assert "through Clerk" in answer.json()["detail"]


def test_the_list_above_is_the_built_in_realms_routes() -> None:
    """A new route of the built-in realm has to say what becomes of it with Clerk."""
    paths = {
        (method.upper(), path)
        for path, methods in describe()["paths"].items()
        for method in methods
        if path.startswith(("/v1/auth/", "/realms/"))
    }
    also_with_clerk = {
        ("GET", "/v1/auth/sessions"),
        ("DELETE", "/v1/auth/sessions/{id}"),
        ("DELETE", "/v1/auth/me"),
    }

    assert paths == {row for row in BUILTIN if "/platform/" not in row[1]} | also_with_clerk


async def test_no_page_takes_a_password(clerked: Clerked) -> None:
    """The console's and the hosted sign-in are closed too, and say so in words."""
    _, pk = await clerked.join()
    html = {"Accept": "text/html"}

    for path in ("/sign-in", "/sign-up", "/forgot", f"/p/{pk}/sign-in", f"/p/{pk}/sign-up"):
        answer = await clerked.client.get(path, headers=html)
        assert 404 == answer.status_code, path
        assert "through Clerk" in answer.text, path


@pytest.mark.parametrize("path", ["/platform/webhook/clerk", "/webhook/clerk"])
async def test_without_clerk_its_addresses_do_not_exist(
    data_dir: Path, clock: MovableClock, path: str
) -> None:
    """Nobody can sign what no application sends."""
    async with open_product(
        settings_of(data_dir, None, None), clock=clock, development=True
    ) as product:
        transport = httpx.ASGITransport(app=product.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            assert 404 == (await client.post(path, json={})).status_code


async def test_one_realm_may_be_clerks_and_the_other_built_in(
    data_dir: Path, clock: MovableClock, applications: tuple[FakeClerk, FakeClerk]
) -> None:
    """The two settings are independent of each other."""
    settings = settings_of(data_dir, None, applications[1])
    async with open_product(settings, clock=clock, development=True) as product:
        transport = httpx.ASGITransport(app=product.asgi)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            developers = await client.post("/platform/sign-in", json={})
            end_users = await client.post("/v1/auth/sign-in", json={})

    assert (422, 404) == (developers.status_code, end_users.status_code)


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ("developer_identity_clerk_issuer", "DREAM_DEVELOPER_IDENTITY_CLERK_ISSUER"),
        ("developer_identity_clerk_secret_key", "DREAM_DEVELOPER_IDENTITY_CLERK_SECRET_KEY"),
    ],
)
def test_a_setting_that_is_missing_is_named(left_out: str, named: str) -> None:
    """Whoever chooses Clerk is told what else it takes."""
    fields: dict[str, Any] = {
        "developer_identity": IdentitySource.CLERK,
        "developer_identity_clerk_issuer": "https://clerk.example.com",
        "developer_identity_clerk_secret_key": SecretStr("sk_live_x"),
    }
    Settings(**fields)
    del fields[left_out]

    with pytest.raises(ValidationError, match=named):
        Settings(**fields)


def test_two_realms_need_two_applications() -> None:
    """One application for both would let an end user be a developer."""
    fields: dict[str, Any] = {}
    for realm in ("developer", "customer"):
        fields |= {
            f"{realm}_identity": IdentitySource.CLERK,
            f"{realm}_identity_clerk_issuer": "https://clerk.example.com/",
            f"{realm}_identity_clerk_secret_key": SecretStr("sk_live_x"),
        }

    with pytest.raises(ValidationError, match="two Clerk applications"):
        Settings(**fields)


def test_a_webhook_secret_that_is_none_is_refused_at_the_start() -> None:
    """A typing mistake shows when the server starts, not when Clerk gives up delivering."""
    with pytest.raises(ValidationError, match="whsec_"):
        Settings(customer_identity_clerk_webhook_secret=(SecretStr("hush"),))
