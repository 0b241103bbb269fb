"""A grant is used once, whichever process it reaches."""

from dream_api.kit.grants import Grant
from dream_api.stores import Connection, KeyValue, Store


class Grants:
    """Remembers grants for as long as they could be repeated."""

    def __init__(self, store: Store, customer_tokens: KeyValue) -> None:
        self._store = store
        self._tokens = customer_tokens

    async def use(self, platform_id: str, grant: Grant) -> bool:
        """Use a grant up; tell whether it was unused. Of two at once, one is told yes."""
        key = f"consolegrant:{grant.grant_id}"

        def verb(connection: Connection) -> bool:
            return self._tokens.put_new(connection, key, {}, expires_at=grant.expires_at)

        return await self._store.of(platform_id).write(verb)
