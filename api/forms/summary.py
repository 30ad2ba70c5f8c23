"""Answers of a form, for the page on which they are checked before the fact is recorded. Pure."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from api.forms.controls import FormControl


class Answer(Struct, frozen=True):
    """A question of a form, and the answer in words."""

    label: str
    text: str
    target: str
    """Id of the first input of the question's control."""


def answers(controls: Sequence[FormControl]) -> Iterator[Answer]:
    """Yield the answers of controls that are not blank."""
    for control in controls:
        text = "\n".join(_lines(control))
        if text.strip():
            yield Answer(control.full_label, text, control.target)
        if control.widget in ("group", "list", "fact"):
            yield from answers(control.children)


def _lines(control: FormControl) -> list[str]:
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
            return [" ".join(part for part in control.parts.values() if part)]
    return ["No entries"] if control.changes and not control.children else []
