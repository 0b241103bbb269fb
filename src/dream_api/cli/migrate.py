"""``dream-api migrate``: bring both worlds' stores to this release."""

import typer

from dream_api.cli.configuration import DataOption, load_settings
from dream_api.stores import World
from dream_api.stores.sqlite import migrate_stores


def migrate(data: DataOption = None) -> None:
    """Bring both stores to this release's schema. Safe to repeat."""
    settings = load_settings(data)
    migrate_stores(settings.data_dir)
    typer.echo(f"{' and '.join(World)}: up to date in {settings.data_dir}")
