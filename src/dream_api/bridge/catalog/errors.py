"""What the catalogue refuses.

DreamError
├── PaymentRequired     402  live mode needs the platform subscription (connect)
├── NotConnected        409  no connected Stripe account (connect)
├── ValidationFailed    422  a field of a tier (kit)
├── NotFound            404  no such tier (kit)
├── TierInUse           409  end users are on the tier
├── TierExists          409  a tier of this name is there already
├── TierLimitReached    409  the platform has as many tiers as it may have
├── LastTier            409  a platform keeps at least one tier
└── TiersChanged        409  another process changed the tiers at the same moment
"""

from dream_api.kit.errors import DreamError


class TierInUse(DreamError):
    """End users are on the tier, so it cannot go away or turn from free to paid or back."""

    code = "tier_in_use"
    status = 409
    title = "Tier is in use"

    def __init__(self, name: str, end_users: int) -> None:
        people = "1 end user is" if end_users == 1 else f"{end_users} end users are"
        super().__init__(f"{people} on {name!r}. Move them to another tier first.", param="tier")
        self.tier = name


class TierExists(DreamError):
    """A tier of this name is there already."""

    code = "tier_exists"
    status = 409
    title = "Tier exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"There is a tier {name!r} already. Change it with PUT /platform/tiers/{name}.",
            param="name",
        )


class TierLimitReached(DreamError):
    """The platform has as many tiers as it may have."""

    code = "tier_limit_reached"
    status = 409
    title = "Too many tiers"


class LastTier(DreamError):
    """A platform keeps at least one tier."""

    code = "last_tier"
    status = 409
    title = "The last tier stays"

    def __init__(self) -> None:
        super().__init__("A platform keeps at least one tier. Add another one first.")


class TiersChanged(DreamError):
    """Another process changed the tiers at the same moment; nothing of this change was kept."""

    code = "tiers_changed"
    status = 409
    title = "The tiers were changed at the same moment"

    def __init__(self) -> None:
        super().__init__("Somebody else is changing the tiers. Look at them, then send it again.")
