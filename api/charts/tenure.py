"""Times in a post, and the gaps between, as a bar along a line of time. Pure."""

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from api.charts.svg import element, image, words
from projections.narrate.sentence import day

WIDTH = 760
_BAR, _ROW, _TOP = 26, 18, 6


class Span(Struct, frozen=True):
    """Days that somebody was in a post, or that nobody was; both days are included."""

    label: str | None
    """Who; None: nobody."""
    first: date
    last: date | None
    """None: it goes on."""

    def told(self) -> str:
        """Who, and from when to when."""
        until = "" if self.last is None else f" to {day(self.last)}"
        return f"{self.label or 'nobody'} from {day(self.first)}{until}"


def tenure_svg(name: str, title: str, spans: Sequence[Span], until: date) -> str:
    """Who was in a post, from the first day of `spans` to `until`; a gap is hollow, hatched and says so."""
    shown = [span for span in sorted(spans, key=lambda each: each.first) if span.first <= until]
    said = f"{'; '.join(span.told() for span in shown) or 'nobody was ever in post'}."
    height = _TOP + _BAR + _ROW * (len(shown) + 1)
    parts: list[str] = []
    if shown:
        begin = shown[0].first.toordinal()
        scale = (WIDTH - 2) / max(until.toordinal() + 1 - begin, 1)
        for index, span in enumerate(shown):
            last = min(span.last or until, until)
            left = 1 + (span.first.toordinal() - begin) * scale
            wide = (last.toordinal() + 1 - span.first.toordinal()) * scale
            parts += _bar(span, index, left, wide)
    return image(name, title, said, WIDTH, height, *parts)


def _bar(span: Span, index: int, left: float, wide: float) -> list[str]:
    """A stretch of the bar with its number, and its line of the legend below."""
    gap = span.label is None
    number = words(f"{index + 1}")
    return [
        element(
            "rect",
            element("title", words(span.told())),
            x=left,
            y=_TOP,
            width=max(wide, 1),
            height=_BAR,
            fill="#ffffff" if gap else "#1d70b8",
            stroke="#d4351c" if gap else "#0b0c0c",
            stroke_width=2 if gap else 1,
            stroke_dasharray="4 3" if gap else None,
        ),
        element(
            "text",
            number,
            x=left + wide / 2,
            y=_TOP + _BAR - 8,
            text_anchor="middle",
            fill="#0b0c0c" if gap else "#ffffff",
        ),
        element("text", words(f"{index + 1}. {span.told()}"), x=1, y=_TOP + _BAR + _ROW * (index + 1)),
    ]
