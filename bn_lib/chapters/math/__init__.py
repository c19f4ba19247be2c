"""The chapter `math`."""
