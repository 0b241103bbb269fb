"""How many changing calls a developer has made.

Owns: the monthly count of developers' own changing calls, their rate per minute, and the limits.
Does not own: end users' usage (customers/metering), nor which calls are metered; the doors decide.
"""

from dream_api.developers.management_usage.errors import ManagementLimitReached
from dream_api.developers.management_usage.model import CALLS_PER_MINUTE, Limits, Usage
from dream_api.developers.management_usage.service import ManagementUsage

__all__ = ["CALLS_PER_MINUTE", "Limits", "ManagementLimitReached", "ManagementUsage", "Usage"]
