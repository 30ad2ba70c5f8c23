"""Read a form's controls, and encode them as a browser does."""

from html.parser import HTMLParser
from urllib.parse import urlencode

Pairs = list[tuple[str, str]]
Typed = dict[str, str | list[str]]


class _Form(HTMLParser):
    """Controls of the form with an id, or of the whole text."""

    def __init__(self, html: str, form: str | None) -> None:
        super().__init__()
        self.pairs: Pairs = []
        self.labels: dict[str, str] = {}
        self._form = form
        self._within = form is None
        self._name = ""
        self._text: list[str] | None = None
        self._options: list[tuple[str, bool]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("id") == self._form:
            self._within = True
        if not self._within:
            return
        if tag == "input" and "name" in given and given.get("type") != "file":
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.pairs.append((given["name"], given.get("value", "")))
        elif tag == "textarea":
            self._name, self._text = given["name"], []
        elif tag == "select":
            self._name, self._options = given["name"], []
        elif tag == "option" and self._options is not None:
            self._options.append((given["value"], "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form is not None:
            self._within = False
        elif tag == "textarea" and self._text is not None:
            text = "".join(self._text)
            self.pairs.append((self._name, text.replace("\r\n", "\n").removeprefix("\n").replace("\n", "\r\n")))
            self._text = None
        elif tag == "select" and self._options is not None:
            chosen = [value for value, selected in self._options if selected]
            self.pairs.append((self._name, chosen[0] if chosen else self._options[0][0]))
            self._options = None


def sent(html: str, form: str | None = None) -> Pairs:
    """Return the pairs that a browser would send for a form, or for part of one."""
    return _Form(html, form).pairs


def with_values(pairs: Pairs, typed: Typed) -> Pairs:
    """Return the pairs with other values for some names."""
    kept = [(name, value) for name, value in pairs if name not in typed]
    return kept + [
        (n, value) for n, each in typed.items() for value in ([each] if isinstance(each, str) else each)
    ]


def encoded(pairs: Pairs) -> str:
    """Return the body of a form."""
    return urlencode(pairs)
