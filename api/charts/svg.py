"""Elements of SVG as text: attributes in a fixed order, numbers to two decimals, text escaped. Pure."""

import re
from html import escape

_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no place for."""


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """An element; an attribute that is None is left out, `stroke_width` is written stroke-width."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{''.join(children)}</{name}>" if children else f"<{name}{said}/>"


def words(text: str) -> str:
    """Text as an element's child."""
    return escape(_UNPRINTABLE.sub("\ufffd", text), quote=False)


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(_UNPRINTABLE.sub("\ufffd", value))
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def image(name: str, title: str, description: str, width: int, height: int, *children: str) -> str:
    """A whole image of its own, with a title and a description; `name` makes its ids, unique in a page."""
    label, told = f"{name}-title", f"{name}-description"
    return element(
        "svg",
        element("title", words(title), id=label),
        element("desc", words(description), id=told),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{label} {told}",
        lang="en-GB",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        font_family="Arial, 'Libertinus Serif', sans-serif",
        font_size=13,
        fill="currentColor",
    )
