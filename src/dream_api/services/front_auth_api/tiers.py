"""One tier at a time."""

from fastapi import APIRouter

from dream_api.bridge.catalog import CatalogTier, LastTier, TierExists, TierLimitReached
from dream_api.services.front_auth_api.answers import TierAnswer, TierBody
from dream_api.services.front_auth_api.platform import metered
from dream_api.services.front_auth_api.products import PUBLISHING_REFUSALS, new_tier
from dream_api.services.front_auth_api.rooms import Rooms
from dream_api.services.http.callers import Developer, ModeQuery
from dream_api.services.http.refusals import refusals
from dream_api.services.http.replay import CreatingRoute
from dream_api.services.http.wire import Answer

router = APIRouter(prefix="/platform/tiers", route_class=CreatingRoute)


class TiersAnswer(Answer):
    """All tiers in their order, archived ones last."""

    tiers: list[TierAnswer]
    next_cursor: str | None = None


@router.get("")
async def list_tiers(developer: Developer, mode: ModeQuery, rooms: Rooms) -> TiersAnswer:
    """List the tiers with the number of end users on each."""
    listed = await rooms.catalog.list_tiers(developer.developer_id, mode)
    return TiersAnswer(tiers=[_answer(tier) for tier in listed])


@router.post(
    "",
    status_code=201,
    responses=refusals(TierExists, TierLimitReached, *PUBLISHING_REFUSALS),
)
async def add_tier(
    body: TierBody, developer: Developer, mode: ModeQuery, rooms: Rooms
) -> TierAnswer:
    """Add a tier at the end of the list."""
    async with metered(rooms, developer.developer_id):
        return _answer(await rooms.catalog.add_tier(developer.developer_id, mode, new_tier(body)))


@router.put("/{name}", responses=refusals(*PUBLISHING_REFUSALS))
async def update_tier(
    name: str, body: TierBody, developer: Developer, mode: ModeQuery, rooms: Rooms
) -> TierAnswer:
    """Replace a tier. Another price is a new Stripe price; who pays the old one keeps it."""
    async with metered(rooms, developer.developer_id):
        changed = await rooms.catalog.update_tier(
            developer.developer_id, mode, name, new_tier(body)
        )
        return _answer(changed)


@router.delete("/{name}", status_code=204, responses=refusals(LastTier, *PUBLISHING_REFUSALS))
async def delete_tier(name: str, developer: Developer, mode: ModeQuery, rooms: Rooms) -> None:
    """Archive a tier; refused while end users are on it."""
    async with metered(rooms, developer.developer_id):
        await rooms.catalog.delete_tier(developer.developer_id, mode, name)


def _answer(listed: CatalogTier) -> TierAnswer:
    return TierAnswer.model_validate(listed.to_wire())
