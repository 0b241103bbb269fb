"""Python imports this by its name at the start of every process that a test starts.

Where that process is a simulator, the walker is put before it; see ``tests/contract/watching.py``.
"""

import os
import sys
from pathlib import Path

if "stripe_simulator" in sys.orig_argv and "STRIPE_WALKER_REPORT" in os.environ:
    from tests.contract.watching import watch_own_process

    watch_own_process(Path(os.environ["STRIPE_WALKER_REPORT"]))
