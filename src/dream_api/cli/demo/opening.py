"""One developer walks the paid flow through our own doors, and one end user signs up.

So whatever the doors check, mail, make and remember is there, as after a person's visit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from dream_api.app import open_product
from dream_api.cli.demo.story_clock import StoryClock
from dream_api.cli.demo.visitor import DoorClosed, Visitor
from dream_api.cli.demo.year import TIERS
from dream_api.customers.platforms import Tier
from dream_api.settings import Settings

PASSWORD = "violet otter under a paper moon"  # noqa: S105 - printed for whoever runs the demo.
APP_NAME = "Meridian Maps"
APP_COLOR = "#0f766e"
END_USER_EMAIL = "ada@example.com"
END_USER_NAME = "Ada Lovelace"
_CARD = {
    "card_number": "4242424242424242",
    "exp": "12/34",
    "cvc": "123",
    "name": "Grace Hopper",
}
_SUBMITTED = (
    "name", "displayName", "priceCents", "currency", "interval", "limit", "rateLimitPerMinute",
    "features", "popular", "trialDays",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opened:
    """What the walk through the doors left behind."""

    email: str
    platform_id: str
    secret_key: str
    tiers: tuple[Tier, ...]
    end_user_id: str


class AlreadyThere(Exception):
    """The developer of this seed has an account in this folder."""


def developer_email(seed: int) -> str:
    """Name the developer of a seed."""
    return "demo@example.com" if seed == 1 else f"demo-{seed}@example.com"


async def open_account(
    settings: Settings, seed: int, opens_at: datetime, report: Callable[[str], None]
) -> Opened:
    """Sign up, pay, connect, publish tiers; then sign an end user up.

    Raises:
        AlreadyThere: this was done in this folder before.
        DoorClosed: a door refused.
        AlreadyServed: a product runs on this folder.
    """
    clock = StoryClock(opens_at)
    async with open_product(settings, clock=clock, development=True) as product:
        visitor = Visitor(product.asgi, settings.public_url)
        try:
            return await _walk(visitor, seed, report)
        finally:
            await visitor.close()


async def _walk(visitor: Visitor, seed: int, report: Callable[[str], None]) -> Opened:
    email = developer_email(seed)
    report("Signing a developer up")
    developer = await _sign_up(visitor, email)
    report("Paying and connecting Stripe")
    await _pay(visitor, email, developer)
    await _connect(visitor, developer)
    report("Publishing tiers")
    await visitor.call(
        "PUT", "/platform/branding", {"appName": APP_NAME, "color": APP_COLOR}, developer
    )
    submitted = [_submitted(tier) for tier in TIERS]
    published = await visitor.call(
        "POST", "/platform/create-products", {"tiers": submitted}, developer
    )
    platform_id = published["platformId"]
    await visitor.call("POST", "/platform/keys", {"name": "Nightly export"}, developer)
    settings = {
        "allowedOrigins": ["https://meridian.example"],
        "redirectUrls": ["https://meridian.example/callback"],
    }
    await visitor.call("PUT", "/platform/settings", settings, developer)
    report("Signing an end user up")
    end_user_id = await _sign_end_user_up(visitor, platform_id)
    tiers = tuple(Tier.from_wire({"revision": 1, **wire}) for wire in published["tiers"])
    return Opened(email, platform_id, published["secretKey"], tiers, end_user_id)


async def _sign_up(visitor: Visitor, email: str) -> dict[str, str]:
    """Sign the developer up; give the headers of who is signed in."""
    person = {"email": email, "password": PASSWORD}
    try:
        await visitor.call("POST", "/platform/sign-in", person)
    except DoorClosed:
        pass  # Nobody of this address: the folder is free for this seed.
    else:
        raise AlreadyThere
    await visitor.call("POST", "/platform/sign-up", {**person, "name": "Grace Hopper"})
    code = await _code_for(visitor, email)
    signed_in = await visitor.call("POST", "/platform/verify-email", {"email": email, "code": code})
    return {"Authorization": f"Bearer {signed_in['token']}"}


async def _pay(visitor: Visitor, email: str, developer: dict[str, str]) -> None:
    checkout = await visitor.call("POST", "/platform/create-checkout", {}, developer)
    back = await visitor.fill_in(checkout["url"], {**_CARD, "email": email})
    await visitor.look(back, developer)


async def _connect(visitor: Visitor, developer: dict[str, str]) -> None:
    stripe = await visitor.follow("/oauth/authorize?mode=live", developer)
    back = await visitor.fill_in(stripe, {"action": "approve"})
    landed = await visitor.follow(back, developer)
    if not landed.endswith("stripe=connected"):
        raise DoorClosed(f"Stripe was not connected: {landed}")


async def _sign_end_user_up(visitor: Visitor, platform_id: str) -> str:
    headers = {"X-Publishable-Key": platform_id}
    person = {"email": END_USER_EMAIL, "password": PASSWORD, "name": END_USER_NAME}
    await visitor.call("POST", "/v1/auth/sign-up", person, headers)
    code = await _code_for(visitor, END_USER_EMAIL)
    proof = {"email": END_USER_EMAIL, "code": code}
    signed_in = await visitor.call("POST", "/v1/auth/verify", proof, headers)
    return str(signed_in["userId"])


async def _code_for(visitor: Visitor, email: str) -> str:
    mails = await visitor.call("GET", f"/dev/mailbox?format=json&to={quote(email)}")
    return str(next(mail["code"] for mail in reversed(mails) if mail["code"]))


def _submitted(tier: Tier) -> dict[str, Any]:
    wire = tier.to_wire()
    return {name: wire[name] for name in _SUBMITTED}
