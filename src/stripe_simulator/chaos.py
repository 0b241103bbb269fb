"""What goes wrong with deliveries, when somebody wants it to.

Nothing does by default. Settings are stored, so that a killed simulator stays as unreliable as it
was. Chance is seeded: the same seed and the same events go wrong in the same way.
"""

import json
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from stripe_simulator.clock import SECONDS_PER_DAY
from stripe_simulator.errors import StripeError
from stripe_simulator.identifiers import new_id, new_secret
from stripe_simulator.store import Record, Store

DELAY_SECONDS_MAX = 7 * SECONDS_PER_DAY
UNSETTLED_MAX = 500
# A rolled secret signs on for a day: https://docs.stripe.com/webhooks#roll-endpoint-secrets.
OLD_SECRET_SECONDS = SECONDS_PER_DAY
_SETTING = "chaos"
_NOBODY = "acct_simnobody"
_LIKELIHOODS = ("duplicate", "drop", "wrong_mode", "unknown_account")


@dataclass(frozen=True, slots=True)
class Chaos:
    """How likely is what, from 0 (never) to 1 (always).

    Attributes:
        duplicate: An event that was delivered is delivered once more.
        drop: An attempt never leaves; the next one follows as after any failure.
        wrong_mode: A copy of the event follows that says ``livemode: true``.
        unknown_account: A copy follows that names an account which nobody has connected.
        shuffle: Of what is due, any event goes first.
        delay_seconds: Each event waits up to so long before its first attempt.
        seed: Where chance starts.
    """

    duplicate: float = 0.0
    drop: float = 0.0
    wrong_mode: float = 0.0
    unknown_account: float = 0.0
    shuffle: bool = False
    delay_seconds: int = 0
    seed: int = 0

    @property
    def is_calm(self) -> bool:
        """Whether everything goes as it should."""
        return (
            not self.shuffle
            and not self.delay_seconds
            and not any(getattr(self, name) for name in _LIKELIHOODS)
        )


def read_chaos(store: Store) -> Chaos:
    """What is set now."""
    return Chaos(**(store.setting(_SETTING) or {}))


def set_chaos(store: Store, given: dict[str, Any]) -> Chaos:
    """Set what is given; what is left out goes back to calm.

    Raises:
        StripeError: A name is unknown, or a value makes no sense.
    """
    unknown = given.keys() - Chaos.__dataclass_fields__.keys()
    if unknown:
        raise StripeError(f"There is no such chaos: {', '.join(sorted(unknown))}.")
    chaos = Chaos(**given)
    for name in _LIKELIHOODS:
        value = getattr(chaos, name)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise StripeError(f"{name} is a number from 0 to 1.", param=name)
    if not isinstance(chaos.delay_seconds, int) or not (
        0 <= chaos.delay_seconds <= DELAY_SECONDS_MAX
    ):
        raise StripeError(
            f"delay_seconds is 0 to {DELAY_SECONDS_MAX} whole seconds.", param="delay_seconds"
        )
    if not isinstance(chaos.shuffle, bool) or not isinstance(chaos.seed, int):
        raise StripeError("shuffle is true or false, seed is a whole number.")
    store.put_setting(_SETTING, asdict(chaos))
    return chaos


def unsettle(store: Store, chaos: Chaos, chance: Random, *, now: int) -> None:
    """Decide once for each new delivery how long it waits, and which false copies follow it.

    It waits from when it was owed: the clock may have moved before anybody looked.
    """
    rows = store.execute(
        "SELECT * FROM deliveries WHERE is_unsettled = 1 AND state = 'pending'"
        " ORDER BY sequence LIMIT ?",
        UNSETTLED_MAX,
    ).fetchall()
    for row in rows:
        delay_seconds = chance.randint(0, chaos.delay_seconds)
        store.execute(
            "UPDATE deliveries SET is_unsettled = 0, due_at = ? WHERE sequence = ?",
            row["due_at"] + delay_seconds,
            row["sequence"],
        )
        payload = json.loads(row["payload"])
        if chance.random() < chaos.wrong_mode:
            _copy(store, row, payload | {"id": new_id("evt"), "livemode": True}, now)
        if "account" in payload and chance.random() < chaos.unknown_account:
            _copy(store, row, payload | {"id": new_id("evt"), "account": _NOBODY}, now)


def duplicate(store: Store, sequence: int, *, now: int) -> None:
    """Owe a delivery that succeeded once more; copies are not copied."""
    row = store.execute("SELECT * FROM deliveries WHERE sequence = ?", sequence).fetchone()
    if not row["is_copy"]:
        _copy(store, row, json.loads(row["payload"]), now)


def roll_secret(endpoint: Record, *, now: int) -> str:
    """Give an endpoint a new secret; the old one signs on for a day. Save the record after."""
    secret = new_secret("whsec")
    old = {"secret": endpoint.hidden["secret"], "until": now + OLD_SECRET_SECONDS}
    endpoint.hidden["old_secrets"] = [*endpoint.hidden.get("old_secrets", []), old]
    endpoint.hidden["secret"] = secret
    return secret


def secrets_of(endpoint: Record, *, now: int) -> list[str]:
    """The secrets that sign for an endpoint now, the newest first."""
    old = endpoint.hidden.get("old_secrets", [])
    return [endpoint.hidden["secret"], *(one["secret"] for one in old if now < one["until"])]


def _copy(store: Store, row: Any, payload: dict[str, Any], now: int) -> None:
    store.execute(
        "INSERT INTO deliveries"
        " (account, event, type, endpoint, payload, state, due_at, is_copy)"
        " VALUES (?, ?, ?, ?, ?, 'pending', ?, 1)",
        row["account"],
        row["event"],
        row["type"],
        row["endpoint"],
        json.dumps(payload, indent=2),
        now,
    )
