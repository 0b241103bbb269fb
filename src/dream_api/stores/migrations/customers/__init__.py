"""The chain of the customers' world."""
