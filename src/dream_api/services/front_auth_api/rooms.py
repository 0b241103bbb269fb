"""What the developers' door may use."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from dream_api.bridge.catalog import Catalog
from dream_api.bridge.connect import Connect
from dream_api.bridge.keys import Keys
from dream_api.bridge.standing import StandingPublisher
from dream_api.customers.dashboard import Dashboard
from dream_api.customers.platforms import PlatformEditor, Platforms
from dream_api.developers.accounts import Accounts
from dream_api.developers.management_usage import ManagementUsage
from dream_api.developers.platform_subscription import PlatformSubscription
from dream_api.gateways.clock import Clock
from dream_api.services.front_auth_api.console import Console
from dream_api.services.http.settings import DoorSettings
from dream_api.shared.idempotency import Idempotency
from dream_api.shared.identity import Realm
from dream_api.shared.inbox import Inbox


@dataclass(frozen=True, slots=True)
class FrontAuthApi:
    """The verbs behind ``/platform``; ``app.py`` puts it at ``app.state.front_auth_api``.

    ``platforms``, ``editor`` and ``dashboard`` look into the customers' world with front-auth-api's
    narrow rights; ``console`` changes end users with api-multi's.
    """

    accounts: Accounts
    realm: Realm
    platform_subscription: PlatformSubscription
    management_usage: ManagementUsage
    catalog: Catalog
    keys: Keys
    connect: Connect
    """To leave: connecting is the bridge's door."""
    standing: StandingPublisher
    platforms: Platforms
    editor: PlatformEditor
    dashboard: Dashboard
    console: Console
    inbox: Inbox
    """Of the developers' world: events of our own Stripe account."""
    idempotency: Idempotency
    clock: Clock
    settings: DoorSettings


def rooms_of(request: Request) -> FrontAuthApi:
    """Find the rooms behind a request."""
    rooms = request.app.state.front_auth_api
    assert isinstance(rooms, FrontAuthApi), "app.py puts it there"
    return rooms


async def _rooms(request: Request) -> FrontAuthApi:
    return rooms_of(request)


Rooms = Annotated[FrontAuthApi, Depends(_rooms)]
