"""The chapter `inference`."""
