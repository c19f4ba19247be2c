"""How long a reader waits for Python on a page, and what it costs them to load.

``make live``, then ``python benchmarks/page.py [CHAPTER]``. A server as the web's are,
which compresses; a browser with nothing kept; one click. Measured on a quiet machine.
"""

import functools
import gzip
import statistics
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.book import chapters  # noqa: E402
from tools.chromium import find_chromium  # noqa: E402

CELL = "article .cell.tag_exercise"


@functools.cache
def compressed(path):
    """Compress a file once, as a server that is visited often has it."""
    return gzip.compress(path.read_bytes(), 6)


class Compressing(SimpleHTTPRequestHandler):
    """Sends text compressed, and counts what goes over the wire."""

    sent = 0

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        """Answer a request for a file."""
        path = Path(self.translate_path(self.path))
        content = path.read_bytes() if path.is_file() else b""
        self.send_response(200 if content else 404)
        if path.suffix in (".html", ".css", ".js", ".json", ".svg"):
            content = compressed(path)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        Compressing.sent += len(content)


def visit(browser, address):
    """Return megabytes before the click and after it, and seconds to the verdicts."""
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        Compressing.sent = 0
        page.goto(address)
        page.wait_for_load_state("networkidle")
        before, seconds = Compressing.sent, []
        ready = page.locator(f"{CELL} .live:not(.busy)").first
        for button in (".live-offer button", "[data-does=run]", "[data-does=run]"):
            start = time.perf_counter()
            page.locator(f"{CELL} {button}").first.click()
            ready.wait_for(timeout=60_000)
            seconds.append(time.perf_counter() - start)
        return before / 1e6, (Compressing.sent - before) / 1e6, *seconds


def main(chapter="02_math"):
    """Print the medians of five visits."""
    (name,) = [page for page in chapters() if page.endswith(chapter)]
    handler = functools.partial(Compressing, directory=ROOT / "_build" / "html")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/{name}.html"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox"]
        )
        visits = [visit(browser, address) for _ in range(6)][1:]  # the server warms up
        browser.close()
    names = (
        "MB before the click",
        "MB after it",
        "s to the first verdict",
        "s to the second",
        "s to the third",
    )
    for name, values in zip(names, zip(*visits, strict=True), strict=True):
        least, middle, most = min(values), statistics.median(values), max(values)
        print(f"{middle:6.2f}  {name}  ({least:.2f} to {most:.2f})")


if __name__ == "__main__":
    main(*sys.argv[1:])
