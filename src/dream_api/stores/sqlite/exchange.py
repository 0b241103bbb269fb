"""Put a backup's files in the place of a data folder's own, so that no half ever looks whole.

The draft lies in the folder itself, on the same file system, and is checked there. Only then the
old files move aside and the new ones in. A marker stands in the folder meanwhile, and whatever
opens the stores refuses while it stands; repeating the restore finishes the exchange.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from dream_api.stores.bindings import World
from dream_api.stores.errors import RestoreRefused
from dream_api.stores.sqlite.folder import RESTORING_FILE, lock_folder, store_file

DRAFT_FOLDER = "restore.part"
REPLACED_FOLDER = "replaced-{moment:%Y%m%dT%H%M%SZ}"
_LOG_SUFFIXES = ("", "-wal", "-shm")


@contextmanager
def prepare_exchange(data_dir: Path, *, overwrite: bool) -> Iterator[Path]:
    """Take a folder that nobody serves; give the empty folder for the draft.

    Raises:
        AlreadyServed: a process serves the folder.
        RestoreRefused: it holds stores, and nobody said that they may be replaced.
    """
    with lock_folder(data_dir):
        is_interrupted = (data_dir / RESTORING_FILE).exists()
        is_full = any(store_file(data_dir, world).exists() for world in World)
        if is_full and not (overwrite or is_interrupted):
            raise RestoreRefused(
                f"{data_dir} holds stores already. Restore into another folder with --data, or "
                "say --overwrite: the present stores are then moved aside, not deleted."
            )
        draft = data_dir / DRAFT_FOLDER
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def exchange_stores(data_dir: Path, draft: Path, moment: datetime) -> Path | None:
    """Move the stores aside and the draft in; tell where the old ones are, if there were any.

    Durable on return. Call it inside ``prepare_exchange``.

    Args:
        data_dir: the folder.
        draft: what it shall hold.
        moment: names the folder of what is replaced.
    """
    marker = data_dir / RESTORING_FILE
    replaced, old_names = _resume(marker) or (
        REPLACED_FOLDER.format(moment=moment),
        [name for name in _store_names() if (data_dir / name).exists()],
    )
    _sync_tree(draft)
    _write(marker, json.dumps([replaced, old_names]))
    _move_aside(data_dir, data_dir / replaced, old_names)
    for path in draft.iterdir():
        path.replace(data_dir / path.name)
    _sync(data_dir)
    marker.unlink()
    _sync(data_dir)
    return data_dir / replaced if old_names else None


def _resume(marker: Path) -> tuple[str, list[str]] | None:
    """Read what an interrupted exchange was about to move; None where none was."""
    try:
        replaced, old_names = json.loads(marker.read_text())
    except FileNotFoundError:
        return None
    return replaced, old_names


def _move_aside(data_dir: Path, replaced: Path, names: list[str]) -> None:
    """Move each old file once: what stands in its place afterwards is no old file any more."""
    if not names:
        return
    replaced.mkdir(mode=0o700, exist_ok=True)
    for name in names:
        if not (replaced / name).exists() and (data_dir / name).exists():
            (data_dir / name).replace(replaced / name)
    _sync(replaced)
    _sync(data_dir)


def _store_names() -> list[str]:
    return [store_file(Path(), world).name + suffix for world in World for suffix in _LOG_SUFFIXES]


def _write(path: Path, text: str) -> None:
    """Write a file that is either there with all it says, or not there."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    _sync(draft)
    draft.replace(path)
    _sync(path.parent)


def _sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # Not every file system syncs folders.
            os.fsync(handle)
    finally:
        os.close(handle)
