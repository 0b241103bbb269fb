"""Both worlds as one file, and back: taken beside a running server, checked before it is believed.

The master key is never in it. The seal tells whether the key at hand is the one that the stores
were sealed with, before anything is replaced.
"""

import importlib.metadata
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dream_api.app.engines import Engine, SqliteEngine, engine_of
from dream_api.app.errors import WrongMasterKey
from dream_api.app.vaults import build_vault
from dream_api.customers.metering import audit
from dream_api.gateways.clock import Clock
from dream_api.kit.crypto import Vault
from dream_api.settings import Settings
from dream_api.stores.archives import Manifest, describe, read_archive, write_archive
from dream_api.stores.errors import BackupFailed, BackupUnreadable

SEAL_CONTEXT = "backup"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place, and what it replaced."""

    manifest: Manifest
    place: str
    replaced: Path | None
    """Where the stores from before are; None where there were none."""


async def write_backup(settings: Settings, clock: Clock, target: Path) -> Manifest:
    """Copy both stores as they are at one moment into one new file, mode 0600.

    Args:
        settings: every knob.
        clock: tells the time.
        target: the file; it is whole, or not there.

    Raises:
        BackupFailed: the file exists, there is no store, or the database's own tool is missing.
    """
    _refuse_to_replace(target)
    engine = engine_of(settings)
    vault = build_vault(settings)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
            names = await engine.snapshot(Path(folder))
            manifest = describe(
                Path(folder),
                names,
                engine=engine.name,
                release=importlib.metadata.version("dream-api"),
                taken_at=clock.now().isoformat(timespec="seconds"),
            )
            write_archive(
                target, Path(folder), manifest, lambda text: vault.fingerprint(text, SEAL_CONTEXT)
            )
    except OSError as error:  # No such folder, not ours to write, no space left.
        raise BackupFailed(f"{target} cannot be written: {error.strerror}.") from error
    return manifest


async def restore_backup(
    settings: Settings, clock: Clock, source: Path, *, overwrite: bool = False
) -> Restored:
    """Put a backup in the stores' place, after everything about it was checked.

    Killed at any moment, it leaves the old stores, or the new ones, or a folder that every command
    refuses until this is repeated.

    Args:
        settings: every knob; the master key must be the one of the backup.
        clock: tells the time.
        source: the file.
        overwrite: whether stores that are there already may be moved aside.

    Raises:
        AlreadyServed: a process serves the stores.
        RestoreRefused: there are stores already; nothing was changed.
        BackupUnreadable: damaged, changed, or not in agreement with itself; nothing was changed.
        WrongMasterKey: another key sealed it; nothing was changed.
        SchemaMismatch: a newer release made it; nothing was changed.
    """
    engine = engine_of(settings)
    vault = build_vault(settings)
    with engine.restoring(overwrite=overwrite) as draft:
        manifest = read_archive(source, draft, lambda text, seal: _check_seal(vault, text, seal))
        if manifest.engine != engine.name:
            raise BackupUnreadable(
                f"This backup is of a {manifest.engine} store, and the settings name "
                f"{engine.name}. Set or leave out DREAM_DATABASE_URL accordingly."
            )
        replaced = await engine.put_back(draft, clock.now(), _check_counters)
    return Restored(manifest, engine.place, replaced)


async def check_backup(settings: Settings, source: Path) -> Manifest:
    """Check a backup without touching any store: seal and sums, and for SQLite everything else.

    Raises:
        BackupUnreadable: damaged, changed, or not in agreement with itself.
        WrongMasterKey: another key sealed it.
    """
    vault = build_vault(settings)
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=f".{source.name}.") as folder:
        scratch = Path(folder) / "data"
        engine = SqliteEngine(scratch, vault.key_ids)
        with engine.restoring(overwrite=False) as draft:
            manifest = read_archive(
                source, draft, lambda text, seal: _check_seal(vault, text, seal)
            )
            if manifest.engine == engine.name:
                await engine.check_draft(draft, _check_counters)
    return manifest


def _refuse_to_replace(target: Path) -> None:
    if target.exists():
        raise BackupFailed(f"{target} exists already. Name a file that does not.")


def _check_seal(vault: Vault, text: str, seal: str) -> None:
    key_id = vault.key_id_of(seal)
    if key_id is not None and key_id not in vault.key_ids:
        raise WrongMasterKey(
            f"The stores of this backup were sealed under master key {key_id}, and "
            f"{' and '.join(vault.key_ids)} is configured. Set DREAM_MASTER_KEY to the key of that "
            "time, or put its master.key into the data folder. Nothing was changed."
        )
    if not vault.matches(seal, text, SEAL_CONTEXT):
        raise BackupUnreadable("This backup was changed since it was taken. Restore another one.")


async def _check_counters(engine: Engine) -> None:
    async with engine.opened_for_operator() as bindings:
        differences = await bindings.customers.read(audit)
    if differences:
        raise BackupUnreadable(
            f"The counters of this backup differ from its ledger in {len(differences)} places, "
            f"first {differences[0]}. Restore another one, and report this: it is a bug."
        )
