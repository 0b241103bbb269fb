"""What the product refuses to start with."""

from dream_api.kit.errors import DreamError


class WrongMasterKey(DreamError):
    """The stores hold secrets that the configured master key did not seal."""

    code = "wrong_master_key"
    status = 503
    title = "The master key does not open this store"


class MasterKeyNotServed(DreamError):
    """The serving process could not open what would be sealed under the new master key."""

    code = "master_key_not_served"
    status = 409
    title = "The serving process does not have the new master key"
