"""The chapter `frameworks`."""
