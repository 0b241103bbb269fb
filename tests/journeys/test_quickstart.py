"""The documentation, typed in."""

import json
import re
import subprocess
from pathlib import Path

from tests.journeys.running import Running

QUICKSTART = Path(__file__).parents[2] / "docs" / "quickstart.md"
ADDRESS_IN_DOCS = "http://localhost:8787"
SECONDS_MAX = 60


def test_the_quickstart_does_what_it_says(running: Running) -> None:
    """A reader who pastes every block ends with a paying end user on the dashboard."""
    blocks = re.findall(r"^```bash\n(.*?)^```", QUICKSTART.read_text(), re.DOTALL | re.MULTILINE)
    script = "\n".join(["set -eu -o pipefail", *blocks])

    typed = subprocess.run(
        ["bash", "-c", script.replace(ADDRESS_IN_DOCS, running.base_url)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )

    assert 0 == typed.returncode, typed.stdout + typed.stderr
    answers = [json.loads(line) for line in typed.stdout.splitlines() if line.startswith("{")]
    decisions = [answer for answer in answers if "allowed" in answer]
    users = next(answer["users"] for answer in answers if "users" in answer)
    assert [True, False, True] == [decision["allowed"] for decision in decisions]
    assert [("grace", "pro", 101, 1900)] == [
        (user["userId"], user["plan"], user["usageCount"], user["mrrCents"]) for user in users
    ]
