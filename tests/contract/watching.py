"""Nothing that any test says to Stripe, and nothing that the simulator says, may be off the types.

Every simulator of the whole run is watched, wherever it runs:

* ``watched`` puts the walker before one in this process;
* one that is a process of its own, as ``dream-api dev`` starts it, watches itself, since the folder
  ``in_processes`` is on the path of every process that a test starts. It writes what it finds into
  a report, which is read here.

A fixture that every test has (``tests/walker_fixtures.py``) fails the test that was running when
something was found.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.contract.sdk_types import Application, Walked, Walker


class ReportingWalker(Walker):
    """Writes what it finds into a file that another process reads.

    Args:
        report: Where to append; a line is written at once and whole.
    """

    def __init__(self, report: Path) -> None:
        super().__init__()
        self._report = report

    @override
    def _add(self, where: str, found: Iterable[str]) -> None:
        lines = "".join(f"{where}: {line}\n" for line in found)
        if lines:
            with self._report.open("a") as report:
                report.write(lines)


class Watch:
    """What was found in this process and in those that it started, each time since one asked."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._read = 0

    def take(self) -> list[str]:
        """Give what was found since the last call."""
        found, OURS.violations = OURS.violations, []
        if self._report.exists():
            lines = self._report.read_text().splitlines()
            found, self._read = [*found, *lines[self._read :]], len(lines)
        return found


OURS = Walker()
"""The walker of this process."""


def watched(simulator: Application) -> Application:
    """Put the walker before a simulator in this process."""
    see_events(OURS)
    return Walked(simulator, OURS)


def watch_own_process(report: Path) -> None:
    """Watch the simulator that this process is about to be."""
    import stripe_simulator  # noqa: PLC0415 - most processes are none.

    walker = ReportingWalker(report)
    create_app: Any = stripe_simulator.create_app
    vars(stripe_simulator)["create_app"] = lambda configuration: Walked(
        create_app(configuration), walker
    )
    see_events(walker)


def see_events(walker: Walker) -> None:
    """Check every event as it is made, delivered or not."""
    from stripe_simulator.books import Books  # noqa: PLC0415 - as above.

    add: Any = Books.add
    if hasattr(add, "unwatched"):
        add = add.unwatched

    def add_and_look(books: Books, body: dict[str, Any], **details: Any) -> Any:
        if body["object"] == "event":
            walker.check_event(body)
        return add(books, body, **details)

    add_and_look.unwatched = add  # type: ignore[attr-defined]
    Books.add = add_and_look  # type: ignore[method-assign,assignment]
