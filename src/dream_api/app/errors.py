"""What the product refuses to start with."""

from dream_api.kit.errors import DreamError


class WrongMasterKey(DreamError):
    """The stores hold secrets that the configured master key did not seal."""

    code = "wrong_master_key"
    status = 503
    title = "The master key does not open this store"
