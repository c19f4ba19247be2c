"""The chapter `intuition`."""
