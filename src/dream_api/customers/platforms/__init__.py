"""What the customers' world knows of a platform.

Owns: its tiers, connection, branding, settings, keys and standing, and the version that each change raises.
Does not own: how a developer changes them (bridge).
"""

__all__: list[str] = []
