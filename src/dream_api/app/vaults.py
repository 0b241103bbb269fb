"""The vault that the settings' master keys open."""

from dream_api.kit.crypto import Vault, parse_master_keys
from dream_api.settings import Settings


def build_vault(settings: Settings) -> Vault:
    """Build the vault.

    Raises:
        ValueError: a master key is none.
    """
    keys = ",".join(key.get_secret_value() for key in settings.master_key)
    return Vault(parse_master_keys(keys))
