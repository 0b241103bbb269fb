"""What the handlers of api-multi may use; ``app.py`` puts it at ``app.state.api_multi``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from dream_api.customers.dashboard import Dashboard
from dream_api.customers.end_users import EndUsers
from dream_api.customers.grants import Grants
from dream_api.customers.metering import Metering
from dream_api.customers.platforms import Platforms
from dream_api.customers.subscriptions import Subscriptions
from dream_api.gateways.clock import Clock
from dream_api.services.http.settings import DoorSettings
from dream_api.shared.idempotency import Idempotency
from dream_api.shared.identity import Realm
from dream_api.shared.inbox import Inbox


@dataclass(frozen=True, slots=True)
class ApiMulti:
    """The rooms behind /v1, /webhook and the hosted pages."""

    metering: Metering
    platforms: Platforms
    end_users: EndUsers
    subscriptions: Subscriptions
    dashboard: Dashboard
    realm: Realm
    inbox: Inbox
    idempotency: Idempotency
    clock: Clock
    settings: DoorSettings
    grants: Grants
    grant_keys: Mapping[str, bytes] = field(repr=False)


async def _rooms(request: Request) -> ApiMulti:
    rooms = request.app.state.api_multi
    assert isinstance(rooms, ApiMulti), "app.py puts it there"
    return rooms


Rooms = Annotated[ApiMulti, Depends(_rooms)]
