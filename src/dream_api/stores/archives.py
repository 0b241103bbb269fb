"""A backup as one file: a compressed tar of a manifest, its seal, and the files it names.

The manifest carries the SHA-256 of every file and is sealed under the master key, so that an
archive that was cut short or changed, by accident or on purpose, restores nothing.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from dream_api.stores.errors import BackupUnreadable

FORMAT = "dream-api backup 1"
MANIFEST, SEAL = "manifest.json", "seal"
MANIFEST_BYTES_MAX = 65_536
FILES_MAX = 8
COMPRESSION = 1
"""A disk's pace instead of a third less: a backup runs beside what it backs up."""
CHUNK_BYTES = 1_048_576
_NAME = re.compile(r"[a-z]+\.[a-z]{2,8}")
_DAMAGED = "This backup is cut short or damaged. Restore another one."


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself."""

    engine: str
    """``sqlite`` or ``postgresql``."""
    release: str
    """The version of the program that made it."""
    taken_at: str
    """When, RFC 3339."""
    files: dict[str, tuple[int, str]]
    """Each file's size in bytes and its SHA-256 in hex."""


Seal = Callable[[str], str]
Verify = Callable[[str, str], None]
"""Takes a manifest's text and its seal; raises what is to be said to the operator."""


def describe(folder: Path, names: Sequence[str], **facts: str) -> Manifest:
    """Write the manifest of the files *names* in *folder*."""
    files = {name: ((folder / name).stat().st_size, _sum(folder / name)) for name in names}
    return Manifest(**facts, files=files)


def write_archive(target: Path, folder: Path, manifest: Manifest, seal: Seal) -> None:
    """Put the files of *folder* into a new file, mode 0600. Whole and durable, or not there."""
    text = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=2)
    draft = folder / "archive.part"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION) as tar:
            for name, content in ((MANIFEST, text), (SEAL, seal(text))):
                tar.addfile(_entry(name, len(content.encode())), io.BytesIO(content.encode()))
            for name, (size, _) in manifest.files.items():
                with (folder / name).open("rb") as member:
                    tar.addfile(_entry(name, size), member)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def read_archive(source: Path, target: Path, verify: Verify) -> Manifest:
    """Unpack an archive into the empty folder *target*, believing nothing that is not sealed.

    Raises:
        BackupUnreadable: it is none of ours, cut short, damaged or changed.
    """
    try:
        with tarfile.open(source, "r|gz") as tar:
            text = _read_text(tar, MANIFEST)
            manifest = _parse(text)
            verify(text, _read_text(tar, SEAL))
            for name in manifest.files:
                _unpack(tar, name, manifest.files[name], target / name)
            if tar.next() is not None:
                raise BackupUnreadable("This backup holds more than it says. Restore another one.")
    except FileNotFoundError:
        raise BackupUnreadable(f"There is no file {source}.") from None
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise BackupUnreadable(_DAMAGED) from error
    return manifest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _member(tar: tarfile.TarFile, name: str) -> tuple[tarfile.TarInfo, IO[bytes]]:
    entry = tar.next()
    content = None if entry is None else tar.extractfile(entry)
    if entry is None or content is None or entry.name != name:
        raise BackupUnreadable(f"This is no backup of dream-api, or {name} is missing in it.")
    return entry, content


def _read_text(tar: tarfile.TarFile, name: str) -> str:
    _, content = _member(tar, name)
    return content.read(MANIFEST_BYTES_MAX).decode("utf-8", "replace")


def _parse(text: str) -> Manifest:
    try:
        found: dict[str, Any] = json.loads(text)
        if found.pop("format") != FORMAT:
            raise BackupUnreadable("A newer release made this backup. Restore it with that one.")
        files = {name: (int(size), str(digest)) for name, (size, digest) in found["files"].items()}
        manifest = Manifest(**{**found, "files": files})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BackupUnreadable(_DAMAGED) from error
    if len(files) > FILES_MAX or not all(map(_NAME.fullmatch, files)):
        raise BackupUnreadable(_DAMAGED)
    return manifest


def _unpack(tar: tarfile.TarFile, name: str, promised: tuple[int, str], target: Path) -> None:
    entry, content = _member(tar, name)
    digest, size = hashlib.sha256(), promised[0]
    if entry.size != size:
        raise BackupUnreadable(_DAMAGED)
    with target.open("xb") as file:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != promised[1]:
        raise BackupUnreadable(f"{name} was changed since this backup was taken. Restore another.")


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
