"""Where a command's settings come from: the environment first, then the data folder.

``dev`` leaves what it arranged (the simulator's address, keys, webhook secrets) beside the data,
so that every other command finds a development store by its folder alone.
"""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from pydantic import ValidationError

from dream_api.gateways.clock import Clock, MovableClock, SystemClock
from dream_api.settings import Settings

DEVELOPMENT_FILE = "development.json"
MASTER_KEY_FILE = "master.key"
CLOCK_FILE = "clock.json"
MASTER_KEY_BYTES = 32

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The data folder. Default: DREAM_DATA_DIR, or .dream"),
]


def load_settings(
    data_dir: Path | None = None,
    *,
    if_no_master_key: Literal["make", "refuse", "go on"] = "make",
    **arranged: Any,
) -> Settings:
    """Build the settings; exit with a readable message where one of them is wrong.

    Args:
        data_dir: the folder named on the command line, which wins over the environment.
        if_no_master_key: whether a folder that has no master key is given one, the command ends
            with a message, or none is needed.
        arranged: values that apply where the environment says nothing.
    """
    folder = data_dir or Path(os.environ.get("DREAM_DATA_DIR", ".dream"))
    defaults = {**read_arrangement(folder), **arranged}
    unset = {name: value for name, value in defaults.items() if not _in_environment(name)}
    try:
        settings = Settings(**{**unset, "data_dir": folder.resolve()})
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(["DREAM", *(str(part).upper() for part in problem["loc"])])
            typer.secho(f"{name}: {problem['msg']}", fg="red", err=True)
        raise typer.Exit(2) from None
    if settings.master_key:
        return settings
    has_file = (folder / MASTER_KEY_FILE).exists()
    if if_no_master_key == "go on" and not has_file:
        return settings
    if if_no_master_key == "refuse" and not has_file:
        typer.secho(
            "DREAM_MASTER_KEY is not set, and there is no "
            f"{folder / MASTER_KEY_FILE}. Set it, or copy that file of the stores into the folder.",
            fg="red",
            err=True,
        )
        raise typer.Exit(2)
    return settings.model_copy(update={"master_key": Settings.read_list(_own_master_key(folder))})


def read_arrangement(data_dir: Path) -> dict[str, Any]:
    """Read what ``dev`` arranged for this folder; nothing where it never ran."""
    try:
        arrangement: dict[str, Any] = json.loads((data_dir / DEVELOPMENT_FILE).read_text())
    except FileNotFoundError:
        return {}
    return arrangement


def write_arrangement(data_dir: Path, arrangement: dict[str, Any]) -> None:
    """Leave the arrangement beside the data, readable by its owner only."""
    _write_private(data_dir / DEVELOPMENT_FILE, json.dumps(arrangement, indent=2) + "\n")


def clock_of(settings: Settings) -> Clock:
    """Give the clock of a data folder: one that `dev` has moved stays moved for every command."""
    path = settings.data_dir / CLOCK_FILE
    return MovableClock(path) if path.exists() else SystemClock()


def has_own_master_key(data_dir: Path) -> bool:
    """Tell whether the folder's own master key is used, instead of one from the environment."""
    return not _in_environment("master_key") and (data_dir / MASTER_KEY_FILE).exists()


def _own_master_key(data_dir: Path) -> str:
    """Read the folder's own master key, making it at the first start."""
    path = data_dir / MASTER_KEY_FILE
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        key = base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode()
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write_private(path, key + "\n")
    typer.secho(
        f"Made a master key in {path}. Stored secrets cannot be read without it; "
        "backups leave it out, so keep a copy elsewhere.",
        fg="yellow",
        err=True,
    )
    return key


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _in_environment(name: str) -> bool:
    return bool(os.environ.get(f"DREAM_{name.upper()}"))
