"""The loop: a job with a backlog goes on at once, one without rests."""

import pytest

from dream_api.worker import Job, Worker


async def runs_of(*worked: int, piece: int) -> int:
    """Run a job that does so much each time; tell how often it ran before the loop rested."""
    remaining = list(worked)
    ran_in_a_row = 0
    worker: Worker

    async def run() -> int:
        nonlocal ran_in_a_row
        ran_in_a_row += 1
        return remaining.pop(0)

    async def stop() -> int:
        worker.stop()
        return 0

    worker = Worker(
        "test", [Job("test.work", 60.0, run, piece=piece), Job("test.stop", 60.0, stop)]
    )
    await worker.run()
    return ran_in_a_row


@pytest.mark.parametrize(
    ("worked", "piece", "runs"),
    [((0, 0), 1, 1), ((3, 1, 0), 1, 3), ((10, 10, 4, 10), 10, 3), ((4, 10), 10, 1)],
)
async def test_a_job_goes_on_while_it_finds_whole_pieces(
    worked: tuple[int, ...], piece: int, runs: int
) -> None:
    """Less than a piece means that nothing is left, even where something new waits already."""
    assert runs == await runs_of(*worked, piece=piece)
