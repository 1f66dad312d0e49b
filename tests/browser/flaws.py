"""What a screen reader or a weak eye would stumble over, as axe-core sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

# WCAG 2.2 at the level that laws ask for, and what is known to be good practice.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
AXE = Axe()


def flaws_of(page: Page, root: str) -> list[str]:
    """Each flaw of what is shown inside `root`: the rule, the element, what it should be."""
    assert page.locator(root).count(), "there is something to be looked at"
    found = AXE.run(page, context=root, options=RULES | {"resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['html'][:200]}\n  {node.get('failureSummary', '')}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
