"""A form as a browser would send it."""

from html.parser import HTMLParser
from urllib.parse import urlencode

Pairs = list[tuple[str, str]]
Inputs = dict[str, str | list[str]]


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
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and attributes.get("id") == self._form:
            self._within = True
        if not self._within:
            return
        if tag == "input" and "name" in attributes and attributes.get("type") != "file":
            if attributes.get("type") not in ("checkbox", "radio") or "checked" in attributes:
                self.pairs.append((attributes["name"], attributes.get("value", "")))
        elif tag == "textarea":
            self._name, self._text = attributes["name"], []
        elif tag == "select":
            self._name, self._options = attributes["name"], []
        elif tag == "option" and self._options is not None:
            self._options.append((attributes["value"], "selected" in attributes))

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
            selected_values = [value for value, selected in self._options if selected]
            self.pairs.append((self._name, selected_values[0] if selected_values else self._options[0][0]))
            self._options = None


def sent(html: str, form: str | None = None) -> Pairs:
    """Return the pairs that a browser would send of a form, or of a part of one."""
    return _Form(html, form).pairs


def with_values(pairs: Pairs, inputs: Inputs) -> Pairs:
    """Return the pairs with these values in place of the inputs' own."""
    others = [(name, value) for name, value in pairs if name not in inputs]
    return others + [
        (n, value) for n, values in inputs.items() for value in ([values] if isinstance(values, str) else values)
    ]


def encoded(pairs: Pairs) -> str:
    """Return the body of a form."""
    return urlencode(pairs)
