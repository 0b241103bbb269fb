"""What Stripe documents, as a table: each row names the page that says so.

Every row is held against the simulator always, and against a real Stripe test account when
``DREAM_STRIPE_TEST_SECRET_KEY`` is set: do that once before going live.
"""

import pytest

from tests.contract import documented_billing, documented_selling
from tests.contract.documented import TABLE, Behaviour
from tests.contract.speaker import Speaker, speaker

__all__ = ["documented_billing", "documented_selling", "speaker"]


@pytest.mark.parametrize("behaviour", TABLE, ids=lambda behaviour: behaviour.name)
def test_documented(behaviour: Behaviour, speaker: Speaker) -> None:
    """Each row of the table; a failure names its page."""
    try:
        behaviour.check(speaker)
    except AssertionError as error:
        error.add_note(f"Documented at {behaviour.page}")
        raise
