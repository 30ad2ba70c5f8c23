"""A person at a browser, who signs in and checks that each page is accessible."""

from typing import Any

from playwright.sync_api import Browser, Page

from tests.api.service import Service

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Person:
    """An actor of the service's notice, signed in."""

    def __init__(
        self,
        chromium: Browser,
        service: Service,
        actor: str,
        axe: str,
        *,
        narrow: bool = False,
        scripts: bool = True,
    ) -> None:
        context = chromium.new_context(
            base_url=service.url,
            viewport={"width": 320 if narrow else 1_000, "height": 900},
            java_script_enabled=scripts,
        )
        self.page: Page = context.new_page()
        self._axe = axe
        self._scripts = scripts
        self.page.goto("/sign-in")
        self.page.get_by_label("Token").fill(service.notice.tokens[actor])
        self.page.get_by_role("button", name="Sign in").click()

    def look(self) -> None:
        """Check the page. Without scripts axe cannot run."""
        if self._scripts:
            look(self.page, self._axe)


def look(page: Page, axe: str) -> None:
    """Check a page with axe, and that it is no wider than the window."""
    page.evaluate(axe)
    violations: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", _RULES)
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in violations["violations"]] == [], (
        page.url
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
