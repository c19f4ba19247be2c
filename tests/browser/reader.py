"""How the tests look at a page: on which screens, by which rules."""

import json

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
