"""The data folder: which files the worlds have in it, who serves it, and whether it is whole."""

import fcntl
from pathlib import Path
from typing import Any

from dream_api.stores.bindings import World
from dream_api.stores.errors import AlreadyServed, DatabaseNotSetUp, RestoreInterrupted

LOCK_FILE = "serving.lock"
RESTORING_FILE = "restoring"
"""Stands in the folder while a restore exchanges its files; what is found then is half of each."""


def store_file(data_dir: Path, world: World) -> Path:
    """Name the file of a world in a data folder."""
    return data_dir / f"{world}.db"


def check_whole(data_dir: Path) -> None:
    """Refuse a folder that a restore has left half exchanged.

    Raises:
        RestoreInterrupted: the restore must be repeated first.
    """
    if (data_dir / RESTORING_FILE).exists():
        raise RestoreInterrupted(
            f"A restore into {data_dir} was interrupted while it exchanged the stores. Run the "
            "same dream-api restore again: it finishes the exchange, and nothing is lost."
        )


def check_there(data_dir: Path) -> None:
    """Refuse a folder without stores, instead of making empty ones where a name was misspelt.

    Raises:
        DatabaseNotSetUp: a world's file is missing.
    """
    if not all(store_file(data_dir, world).exists() for world in World):
        raise DatabaseNotSetUp(
            f"There are no stores in {data_dir}. Name their folder with --data, or make them with: "
            "dream-api migrate"
        )


def lock_folder(data_dir: Path, note: str = "") -> Any:
    """Take the folder for this process; the kernel gives it back when the process dies.

    Raises:
        AlreadyServed: another process serves it.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = (data_dir / LOCK_FILE).open("a")  # The note of who holds it stays as it is.
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        raise AlreadyServed(
            f"Another process serves {data_dir}. Stop it, or give this one its own --data folder: "
            "an SQLite store has one writer."
        ) from None
    handle.truncate(0)
    handle.write(note)
    handle.flush()
    return handle


def lock_whole_folder(data_dir: Path, note: str) -> Any:
    """Take the folder to serve it.

    Raises:
        AlreadyServed: another process serves it.
        RestoreInterrupted: a restore stopped half-way.
    """
    handle = lock_folder(data_dir, note)
    try:
        check_whole(data_dir)
    except RestoreInterrupted:
        handle.close()
        raise
    return handle


def check_not_served(data_dir: Path) -> None:
    """Look whether a folder is free, before anything in it is touched.

    Raises:
        AlreadyServed: another process serves it.
    """
    lock_folder(data_dir).close()


def read_serving_note(data_dir: Path) -> str | None:
    """Read what the process that serves a folder says about itself; None where nobody serves."""
    try:
        lock_folder(data_dir).close()
    except AlreadyServed:
        return (data_dir / LOCK_FILE).read_text()
    return None
