"""Command-line tools, called by make and by the publishing workflow."""
