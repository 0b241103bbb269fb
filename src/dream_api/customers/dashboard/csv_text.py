"""CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from dream_api.kit.periods import rfc3339

Cell = str | int | datetime | None
_DANGEROUS = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width forms work in spreadsheets.


def write_lines(lines: Iterable[Sequence[Cell]]) -> str:
    r"""Write lines of cells, ended by ``\r\n`` (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in line] for line in lines)
    return text.getvalue()


def _safe(cell: Cell) -> str | int | None:
    """Make a cell that runs nothing; the writer turns numbers and nothing into text itself."""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_DANGEROUS) else cell
    if isinstance(cell, datetime):
        return rfc3339(cell)
    return cell
