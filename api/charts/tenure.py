"""Terms in a post, and the gaps between them, as a bar along a time line. Pure."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from api.charts import colours
from api.charts.svg import element, image, text_node
from projections.narrate.sentence import day

WIDTH = 760
_BAR, _TOP, _BOTTOM = 26, 6, 2


class Span(Struct, frozen=True):
    """Term in a post, or a vacancy, from its first day to the end of its last day."""

    label: str | None
    """Holder of the post; None for a vacancy."""
    first: date
    last: date | None
    """Last day of the term; None if it continues."""

    def sentence(self) -> str:
        """Return the holder and the dates in words."""
        until = "" if self.last is None else f" to {day(self.last)}"
        return f"{self.label or 'Vacant'} from {day(self.first)}{until}"


def visible_spans(spans: Sequence[Span], until: date) -> list[Span]:
    """Return the spans that begin by a date, in order."""
    return [span for span in sorted(spans, key=lambda span: span.first) if span.first <= until]


def tenure_svg(name: str, title: str, spans: Sequence[Span], until: date) -> str:
    """Return an SVG bar of the terms and vacancies, from the first day of `spans` until a date.

    A vacancy is hollow and dashed. The bars are numbered in the order of `spans`, as a legend in text is.

    Args:
        name: Prefix of the image's ids, unique in a page.
        title: Title of the image.
        spans: At least one span, in the order of `visible_spans`.
        until: Last day of the bar.
    """
    begin = spans[0].first.toordinal()
    scale = (WIDTH - 2) / max(until.toordinal() + 1 - begin, 1)
    parts: list[str] = []
    for index, span in enumerate(spans):
        last = min(span.last or until, until)
        left = 1 + (span.first.toordinal() - begin) * scale
        width = (last.toordinal() + 1 - span.first.toordinal()) * scale
        parts += _bar(span, index, left, width)
    return image(name, title, "A numbered list of the bars follows.", WIDTH, _TOP + _BAR + _BOTTOM, *parts)


def _bar(span: Span, index: int, left: float, width: float) -> list[str]:
    """Return the SVG elements of a span: its segment of the bar, and its number."""
    gap = span.label is None
    return [
        element(
            "rect",
            element("title", text_node(span.sentence())),
            x=left,
            y=_TOP,
            width=max(width, 1),
            height=_BAR,
            fill=colours.PAPER if gap else colours.TERM,
            stroke=colours.VACANCY if gap else colours.TEXT,
            stroke_width=2 if gap else 1,
            stroke_dasharray="4 3" if gap else None,
        ),
        element(
            "text",
            text_node(f"{index + 1}"),
            x=left + width / 2,
            y=_TOP + _BAR - 8,
            text_anchor="middle",
            fill=colours.TEXT if gap else colours.PAPER,
            aria_hidden="true",
        ),
    ]
