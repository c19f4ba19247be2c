"""The chapter `benefits`."""
