"""The metering of a developer's own changing calls.

Owns: the monthly quota and the minute limit of management calls.
Does not own: the usage of end users (customers.metering).
"""

__all__: list[str] = []
