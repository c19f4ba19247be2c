"""The chapter `placement`."""
