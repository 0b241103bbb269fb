"""The chain of the developers' world."""
