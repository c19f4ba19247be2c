"""The chapter `problem`."""
