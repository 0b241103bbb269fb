"""Tiers become products and prices on the developer's own Stripe account, and keys appear."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from dream_api.bridge.catalog import TIERS_MAX, NewTier, Published, TierInUse, TiersChanged
from dream_api.bridge.connect import NotConnected, PaymentRequired
from dream_api.developers.management_usage import ManagementLimitReached
from dream_api.gateways.stripe import (
    AccountGone,
    AmountTooLarge,
    AmountTooSmall,
    CurrencyRefused,
    StripeRefused,
    StripeUnavailable,
    TextRefused,
)
from dream_api.kit.keys import Mode
from dream_api.services.front_auth_api.answers import TierAnswer, TierBody
from dream_api.services.front_auth_api.branding import carry_look_over
from dream_api.services.front_auth_api.platform import metered
from dream_api.services.front_auth_api.rooms import FrontAuthApi, Rooms
from dream_api.services.http.callers import Developer, ModeQuery
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import Answer, Body

router = APIRouter(prefix="/platform", route_class=CreatingRoute)

PUBLISHING_REFUSALS = (
    PaymentRequired, NotConnected, TierInUse, TiersChanged, AccountGone, StripeRefused,
    StripeUnavailable, ManagementLimitReached, CurrencyRefused, AmountTooLarge, AmountTooSmall,
    TextRefused,
)  # fmt: skip


class CreateProducts(Body):
    """The whole list of tiers, in the order in which they are shown."""

    tiers: Annotated[list[TierBody], Field(min_length=1, max_length=TIERS_MAX)]


class PriceIdAnswer(Answer):
    """The Stripe price of one tier."""

    tier: str
    price_id: str


class PublishedAnswer(Answer):
    """What was published; ``secretKey`` is shown once."""

    platform_id: str
    publishable_key: str
    secret_key: str | None
    tiers: list[TierAnswer]
    price_ids: list[PriceIdAnswer]


@router.post("/create-products", status_code=201, responses=refusals(*PUBLISHING_REFUSALS))
async def create_products(
    body: CreateProducts, developer: Developer, mode: ModeQuery, rooms: Rooms, response: Response
) -> PublishedAnswer:
    """Publish the tiers: products and prices are made on the connected account, once.

    201 with the secret key while no key of this platform has ever been shown; afterwards 200,
    the list replaces the old one, and `secretKey` is null.
    """
    tiers = [new_tier(tier) for tier in body.tiers]
    async with metered(rooms, developer.developer_id):
        if mode is Mode.LIVE:
            await _carry_look_over(rooms, developer.developer_id)
        published = await rooms.catalog.create_products(developer.developer_id, mode, tiers)
    return _answer(published, response)


@router.post("/promote", status_code=201, responses=refusals(*PUBLISHING_REFUSALS))
async def promote(developer: Developer, rooms: Rooms, response: Response) -> PublishedAnswer:
    """Publish the test platform's tiers on the live one; answers as create-products does.

    Name, colour and logo come along unless the live platform has its own. Addresses that may
    call it (`allowedOrigins`, `redirectUrls`) are its own, too.
    """
    async with metered(rooms, developer.developer_id):
        await _carry_look_over(rooms, developer.developer_id)
        published = await rooms.catalog.promote(developer.developer_id)
    return _answer(published, response)


def new_tier(body: TierBody) -> NewTier:
    """Hand a tier to the catalogue, which knows the rules."""
    fields = body.model_dump()
    return NewTier(**{**fields, "features": tuple(body.features)})


async def _carry_look_over(rooms: FrontAuthApi, developer_id: str) -> None:
    """Do it before anything is published: an answer with a secret key must not be lost to it."""
    await carry_look_over(rooms, await rooms.accounts.platform_ids(developer_id))


def _answer(published: Published, response: Response) -> PublishedAnswer:
    if not published.first:
        response.status_code = 200
    return PublishedAnswer(
        platform_id=published.platform_id,
        publishable_key=published.publishable_key,
        secret_key=published.secret_key,
        tiers=[TierAnswer.model_validate(tier.to_wire()) for tier in published.tiers],
        price_ids=[
            PriceIdAnswer(tier=name, price_id=price_id) for name, price_id in published.price_ids
        ],
    )
