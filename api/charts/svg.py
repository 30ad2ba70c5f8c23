"""SVG elements as text: attributes in a fixed order, numbers to at most two decimals, text escaped. Pure."""

import re
from html import escape

_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 forbids."""


def element(name: str, *children: str, **attributes: str | float | None) -> str:
    """Return an SVG element as text.

    None leaves an attribute out. An underscore in an attribute's name becomes a hyphen; a final one is removed.
    """
    rendered = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{rendered}>{''.join(children)}</{name}>" if children else f"<{name}{rendered}/>"


def text_node(text: str) -> str:
    """Return text escaped for use inside an element."""
    return escape(_UNPRINTABLE.sub("\ufffd", text), quote=False)


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(_UNPRINTABLE.sub("\ufffd", value))
    return f"{round(value, 2) + 0.0:.2f}".rstrip("0").rstrip(".")


def image(name: str, title: str, description: str, width: int, height: int, *children: str) -> str:
    """Return a whole SVG image with a title and a description.

    Args:
        name: Prefix of the image's ids, unique in a page.
        title: Title of the image.
        description: Text alternative of the image.
        width: Width in pixels.
        height: Height in pixels.
        children: Elements of the image.
    """
    title_id, description_id = f"{name}-title", f"{name}-description"
    return element(
        "svg",
        element("title", text_node(title), id=title_id),
        element("desc", text_node(description), id=description_id),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=title_id,
        aria_describedby=description_id,
        lang="en-GB",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        font_family="Arial, 'Libertinus Serif', sans-serif",
        font_size=13,
        fill="currentColor",
    )
