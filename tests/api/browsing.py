"""Act as a person in a browser: keep cookies, sign in by the form, and read pages."""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from tests.api.service import NO_TLS


class _Page(HTMLParser):
    """Links, fields and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fields: dict[str, str] = {}
        self.ids: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "input" and "name" in attributes:
            self.fields[attributes["name"]] = attributes.get("value", "")
        if "id" in attributes:
            self.ids.add(attributes["id"])


def links(answer: httpx.Response) -> set[str]:
    """Return a page's links within the service, without fragments."""
    addresses = {urljoin(str(answer.url), link).partition("#")[0] for link in _Page(answer.text).links}
    return {link for link in addresses if urlsplit(link).netloc == answer.url.netloc.decode()}


def fields(answer: httpx.Response) -> dict[str, str]:
    """Return the fields of a page's forms."""
    return _Page(answer.text).fields


def words(answer: httpx.Response) -> str:
    """Return the text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def browser(url: str) -> httpx.Client:
    """Return a client that has not signed in."""
    return httpx.Client(
        base_url=url, headers={"Accept": "text/html"}, follow_redirects=True, timeout=30, verify=NO_TLS
    )


def sign_in(client: httpx.Client, token: str, target: str = "/") -> httpx.Response:
    """Sign in by the form and return the next page."""
    form = fields(client.get("/sign-in", params={"next": target}))
    return client.post("/sign-in", data={**form, "token": token})
