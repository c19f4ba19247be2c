"""The Chromium that prints the PDFs and opens the pages in tests."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium():
    """Return the command of a browser, or None; CHROMIUM in the environment wins."""
    asked = os.environ.get("CHROMIUM")
    return asked or next(filter(None, map(shutil.which, NAMES)), None)
