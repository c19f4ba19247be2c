"""The chapter `scale`."""
