"""Log lines: the name of what happened, and fields. Where they go is decided at the start."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    level: Level
    event: str
    fields: dict[str, Any]
    exception: BaseException | None = None
    """What was raised; its traceback belongs to the line."""


class Log:
    """Takes lines from everywhere; on a terminal structlog draws them."""

    def __init__(self) -> None:
        self._write: Callable[[Line], None] = _draw

    def write_with(self, write: Callable[[Line], None]) -> None:
        """Decide what becomes of lines from now on."""
        self._write = write

    def info(self, event: str, /, **fields: Any) -> None:
        """Say what happens as it should."""
        self._write(Line("info", event, fields))

    def warning(
        self, event: str, /, *, exception: BaseException | None = None, **fields: Any
    ) -> None:
        """Say what somebody may want to look at."""
        self._write(Line("warning", event, fields, exception))

    def error(
        self, event: str, /, *, exception: BaseException | None = None, **fields: Any
    ) -> None:
        """Say what must not happen."""
        self._write(Line("error", event, fields, exception))

    def exception(self, event: str, /, **fields: Any) -> None:
        """Say what must not happen, in the handler of what was raised."""
        self._write(Line("error", event, fields, sys.exc_info()[1]))


def _draw(line: Line) -> None:
    # It loads rich for its console: 6 MB, which a process that serves has no use for.
    import structlog  # noqa: PLC0415 - see above.

    raised = {} if line.exception is None else {"exc_info": line.exception}
    getattr(structlog.get_logger(), line.level)(line.event, **line.fields, **raised)


log = Log()
"""Of the process."""
