"""What a simulator is started with."""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

API_VERSION = "2025-11-17.clover"
HOST_DEFAULT = "127.0.0.1"
PORT_DEFAULT = 12111
DATA_FOLDER_DEFAULT = Path(".stripe-simulator")
DATA_FILE_NAME = "stripe_simulator.db"

# Stripe's own intervals are unpublished and span three days; these are compressed so that a
# receiver that restarts sees its events again within seconds.
RETRY_SECONDS_DEFAULT = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class ConfigurationError(ValueError):
    """A setting that the simulator refuses, with the reason as its message."""


@dataclass(frozen=True, slots=True)
class Application:
    """One Connect application, and the account of ours that owns it.

    ``client_id`` alone decides which data belongs to it: the secret key is only its door key, so
    that a key can be changed without losing anything.
    """

    client_id: str

    @property
    def account_id(self) -> str:
        """The id of the account that owns this application, the same on every start."""
        return f"acct_sim{sha256(self.client_id.encode()).hexdigest()[:16]}"


APPLICATIONS_DEFAULT = {
    "sk_test_simulator": Application("ca_simulator"),
    "sk_test_simulator_test": Application("ca_simulator_test"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that a simulator can be told from outside.

    Attributes:
        data: The folder that holds the one SQLite file; it is created if it is missing.
        applications: Secret key to application. Keys of live mode are refused.
        clock_file: A JSON file ``{"offsetSeconds": n}``; null or missing means real time.
        redirect_uris: The only redirect URIs that OAuth accepts; empty accepts every loopback one.
        retry_seconds: The waits between attempts to deliver an event; its length bounds them.
    """

    data: Path
    applications: dict[str, Application] = field(default_factory=APPLICATIONS_DEFAULT.copy)
    clock_file: Path | None = None
    redirect_uris: tuple[str, ...] = ()
    retry_seconds: tuple[int, ...] = RETRY_SECONDS_DEFAULT

    def __post_init__(self) -> None:
        for secret_key, application in self.applications.items():
            if not secret_key.startswith(("sk_test_", "rk_test_")):
                raise ConfigurationError(
                    f"The simulator takes test keys only, not {secret_key[:8]}…: use sk_test_…"
                )
            if not application.client_id.startswith("ca_"):
                raise ConfigurationError(f"A client id starts with ca_: {application.client_id}")
