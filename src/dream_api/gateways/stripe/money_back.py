"""Money that went back: what became of charges of a connected account."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import stripe

from dream_api.gateways.stripe.calls import answer
from dream_api.gateways.stripe.model import ChargeStanding
from dream_api.gateways.stripe.parameters import options
from dream_api.gateways.stripe.reading import plain_object, read_charge

PAGE = 100
PAGES_MAX = 100
"""Pages of refunds, and of disputes, that one look back may ask for."""

_EXPAND = ["data.charge"]


class MoneyBack:
    """Refunds and disputes. Raises what ``Stripe`` raises."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def get(self, account: str | None, charge_id: str) -> ChargeStanding:
        """Read what became of a charge: how much was given back, and whether it is disputed."""
        call = self._client.v1.charges.retrieve_async(charge_id, None, options(account))
        charge = plain_object(await answer(call, account))
        disputes: list[dict[str, Any]] = []
        if charge.get("disputed"):
            listing = self._client.v1.disputes.list_async(
                {"charge": charge_id, "limit": PAGE}, options(account)
            )
            disputes = plain_object(await answer(listing, account))["data"]
        return read_charge(charge, disputes)

    async def list_since(self, account: str | None, since: datetime) -> list[ChargeStanding]:
        """List charges of which money went back, or which were disputed, since a moment.

        Each is listed once. The status of a dispute that is older than that is not told.
        """
        created = int(since.timestamp())
        found = {
            refund["charge"]["id"]: read_charge(refund["charge"], [])
            for refund in await self._refunds(account, created)
            if isinstance(refund.get("charge"), dict)
        }
        # Oldest first, so that of several disputes of a charge the newest stays.
        for dispute in reversed(await self._disputes(account, created)):
            found[dispute["charge"]["id"]] = read_charge(dispute["charge"], [dispute])
        return list(found.values())

    async def _refunds(self, account: str | None, created: int) -> list[dict[str, Any]]:
        params: stripe.params.RefundListParams = {
            "created": {"gte": created},
            "limit": PAGE,
            "expand": _EXPAND,
        }

        def page_after(last: str | None) -> Awaitable[Any]:
            if last is not None:
                params["starting_after"] = last
            return self._client.v1.refunds.list_async(params, options(account))

        return await _all_pages(page_after, account)

    async def _disputes(self, account: str | None, created: int) -> list[dict[str, Any]]:
        params: stripe.params.DisputeListParams = {
            "created": {"gte": created},
            "limit": PAGE,
            "expand": _EXPAND,
        }

        def page_after(last: str | None) -> Awaitable[Any]:
            if last is not None:
                params["starting_after"] = last
            return self._client.v1.disputes.list_async(params, options(account))

        return await _all_pages(page_after, account)


async def _all_pages(
    page_after: Callable[[str | None], Awaitable[Any]], account: str | None
) -> list[dict[str, Any]]:
    """Read a listing page by page, each after the last row of the one before."""
    found: list[dict[str, Any]] = []
    for _ in range(PAGES_MAX):
        page = plain_object(await answer(page_after(found[-1]["id"] if found else None), account))
        found += page["data"]
        if not page["has_more"]:
            break
    return found
