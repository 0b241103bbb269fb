"""Which engine keeps the stores: files in the data folder, or PostgreSQL where it is set up."""

from dream_api.app.engines.engine import Engine
from dream_api.app.engines.sqlite import SqliteEngine
from dream_api.app.vaults import build_vault
from dream_api.settings import Settings


def engine_of(settings: Settings) -> Engine:
    """Choose the engine: any address of PostgreSQL among the settings chooses that."""
    if settings.has_database:
        # Its driver and Core's asynchronous half take 12 MB, which SQLite never needs.
        from dream_api.app.engines.postgres import PostgresEngine  # noqa: PLC0415 - see above.

        return PostgresEngine(settings)
    key_ids = build_vault(settings).key_ids if settings.master_key else ()
    return SqliteEngine(settings.data_dir, key_ids)
