"""The chapter `backward`."""
