"""Answers of a form, for the page on which they are checked before the fact is recorded. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from api import formatting
from api.forms import dates
from api.forms.controls import FormControl


class Answer(Struct, frozen=True):
    """A question of a form, and the answer in words."""

    label: str
    text: str
    target: str
    """Id of the first input of the question's control."""


def answers(controls: Sequence[FormControl], zone: ZoneInfo) -> Iterator[Answer]:
    """Yield the answers of controls that are not blank, with times in the zone."""
    for control in controls:
        text = "\n".join(_lines(control, zone))
        if text.strip():
            yield Answer(control.full_label, text, control.target)
        if control.widget in ("group", "list", "fact"):
            yield from answers(control.children, zone)


def _lines(control: FormControl, zone: ZoneInfo) -> list[str]:
    labels = {option.value: option.label for option in control.options}
    match control.widget:
        case "line" | "text":
            return [control.value]
        case "radios" | "select":
            return [labels.get(control.value, control.value)]
        case "boxes":
            others = [child.value for child in control.children if child.value]
            return [labels.get(value, value) for value in control.values] + others
        case "day" | "instant":
            return [_moment(control.parts, zone)]
    return ["No entries"] if control.changes and not control.children else []


def _moment(parts: Mapping[str, str], zone: ZoneInfo) -> str:
    """Return a date or an instant in words, or the parts as typed if they are neither."""
    day, month, year, *time = parts.values()
    try:
        date = dates.day((day, month, year))
        if not time:
            return formatting.day(date)
        moment = dates.instant(date, time[0], zone)
        return f"{formatting.day(moment.astimezone(zone))}, {dates.instant_parts(moment, zone)[-1]}"
    except dates.DateError:
        return " ".join(part for part in parts.values() if part)
