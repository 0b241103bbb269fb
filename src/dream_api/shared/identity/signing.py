"""The signing keys of one world: published before they sign, kept after they signed."""

from typing import Any

from dream_api.kit.crypto import Vault, place
from dream_api.kit.tokens import SigningKey, new_signing_key
from dream_api.shared.identity.model import KEY_ACTIVE, KEY_RETIRING, KeyState, Visit
from dream_api.shared.identity.store import keys as sql
from dream_api.stores import Connection


class SigningKeys:
    """Keys go ``next → active → retiring → gone``; exactly one is active.

    The private half is sealed in its row; what was opened is kept in memory by key id. Every
    method runs inside a verb's transaction. ``owner`` is the kind of realm: one world, one set.
    """

    def __init__(self, owner: str, vault: Vault) -> None:
        self._owner = owner
        self._vault = vault
        self._opened: dict[str, str] = {}

    def signer(self, connection: Connection, visit: Visit) -> tuple[str, str]:
        """Give id and private half of the active key; the first call makes the keys."""
        row = sql.find_active(connection, self._owner)
        if row is None:
            self.rotate(connection, visit)
            row = sql.find_active(connection, self._owner)
            assert row is not None, "a rotation leaves an active key"
        if row.key_id not in self._opened:
            context = _place(self._owner, row.key_id)
            # One entry at a time: the key that was active before signs nothing any more.
            self._opened = {row.key_id: self._vault.decrypt(row.private_sealed, context)}
        return row.key_id, self._opened[row.key_id]

    def find_public(self, connection: Connection, key_id: str) -> dict[str, str] | None:
        """Find the public half of a key that may have signed a living token."""
        row = sql.find(connection, self._owner, key_id)
        if row is None or row.state == KeyState.NEXT:
            return None
        public: dict[str, str] = row.public_jwk
        return public

    def list_public(self, connection: Connection) -> list[dict[str, str]]:
        """List every public half, also of the key that will sign next."""
        return [row.public_jwk for row in sql.list_all(connection, self._owner)]

    def rotate(self, connection: Connection, visit: Visit, *, revoke_now: bool = False) -> str:
        """Promote the next key, retire the active one, publish a new next one.

        Args:
            connection: the transaction.
            visit: the moment.
            revoke_now: a key leaked: drop the old ones at once, so that what they signed is
                refused, instead of letting them retire. The key that was published as next
                is dropped too.

        Returns:
            The id of the key that signs from now on.
        """
        if revoke_now:
            for row in sql.list_all(connection, self._owner):
                sql.remove(connection, self._owner, row.key_id)
        self.drop_retired(connection, visit)
        rows = sql.list_all(connection, self._owner)
        for row in rows:
            if row.state == KeyState.ACTIVE:
                retires_at = visit.now + KEY_RETIRING
                self._change(connection, row.key_id, state=KeyState.RETIRING, retires_at=retires_at)
        next_ids = [row.key_id for row in rows if row.state == KeyState.NEXT]
        active_id = next_ids[0] if next_ids else self._add(connection, visit)
        self._change(connection, active_id, state=KeyState.ACTIVE, activated_at=visit.now)
        self._add(connection, visit)
        return active_id

    def rotate_when_due(self, connection: Connection, visit: Visit) -> bool:
        """Rotate where the active key has signed for KEY_ACTIVE; make the first keys."""
        row = sql.find_active(connection, self._owner)
        if row is not None and visit.now < row.activated_at + KEY_ACTIVE:
            return False
        self.rotate(connection, visit)
        return True

    def drop_retired(self, connection: Connection, visit: Visit) -> int:
        """Drop keys that have retired for long enough."""
        return sql.remove_retired(connection, self._owner, visit.now)

    def rekey(self, connection: Connection) -> int:
        """Seal under the active master key what an older one sealed; give how many."""
        changed = 0
        for row in sql.list_all(connection, self._owner):
            if not self._vault.is_current(row.private_sealed):
                context = _place(self._owner, row.key_id)
                text = self._vault.decrypt(row.private_sealed, context)
                sealed = self._vault.encrypt(text, context)
                self._change(connection, row.key_id, private_sealed=sealed)
                changed += 1
        return changed

    def all_can_be_opened(self, connection: Connection) -> bool:
        """Tell whether the configured master keys are those that sealed these keys."""
        return all(
            self._vault.can_open(row.private_sealed)
            for row in sql.list_all(connection, self._owner)
        )

    def _add(self, connection: Connection, visit: Visit) -> str:
        key: SigningKey = new_signing_key()
        values = {
            "key_id": key.key_id,
            "state": KeyState.NEXT,
            "public_jwk": key.public_jwk,
            "private_sealed": self._vault.encrypt(key.private_jwk, _place(self._owner, key.key_id)),
            "created_at": visit.now,
        }
        sql.add(connection, self._owner, values)
        return key.key_id

    def _change(self, connection: Connection, key_id: str, **values: Any) -> None:
        sql.change(connection, self._owner, key_id, values)


def _place(owner: str, key_id: str) -> str:
    return place("identity_signing_keys", "private_sealed", owner, key_id)
