"""How the tests look at a page: on which screens, by which rules."""

import json
from dataclasses import dataclass, field

PHONE = {"width": 390, "height": 844}
SMALL_PHONE = {"width": 320, "height": 800}
DESKTOP = {"width": 1400, "height": 900}

WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# What depends on the room there is, and on the colours.
LAYOUT = {"type": "rule", "values": ["scrollable-region-focusable", "target-size"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


def axe(page, rules=WCAG):
    """Return what axe-core finds, one entry a place: rule, selector, what is wrong."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    violations = page.evaluate(f"axe.run({json.dumps(options)}).then((r) => r.violations)")
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in violations
        for node in violation["nodes"]
    ]


@dataclass
class Visit:
    """An open page: what it asked for, and what went wrong there."""

    page: object
    requests: list = field(default_factory=list)
    trouble: list = field(default_factory=list)

    def open(self, address):
        page = self.page
        page.on("request", lambda r: self.requests.append(r.url))
        page.on("requestfailed", lambda r: self.trouble.append(f"failed: {r.url}"))
        page.on("pageerror", lambda e: self.trouble.append(f"script error: {e}"))
        page.on("console", self._hear)
        page.on("response", self._receive)
        page.goto(address)
        return self

    def _hear(self, message):
        if message.type in ("error", "warning"):
            self.trouble.append(f"console {message.type}: {message.text}")

    def _receive(self, response):
        if response.status >= 400:
            self.trouble.append(f"{response.status}: {response.url}")

    def outside(self, base):
        own = (base, "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]
