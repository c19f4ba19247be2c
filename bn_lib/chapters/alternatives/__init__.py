"""The chapter `alternatives`."""
