"""Errors of a form, next to their controls and in the list at the top of the page. Pure.

Each refusal is put in the words of the form.
"""

import re
from collections.abc import Container, Iterable, Sequence

from msgspec import Struct

from api import formatting
from api.forms.controls import FormControl, flat
from ledger.domain.errors import Refusal
from projections.narrate.sentence import singular

_UNCOUNTABLE = frozenset({"data", "evidence", "evidence of impact", "progress"})
"""Labels before which an error message puts no article."""
_OF = re.compile(r" (?:of|in|that|for) ")
_THE_ONE = re.compile(r"(?:date|first|last|current|new|result|start|end|extraction)\b|.* of ")
"""Beginnings of labels of which there is only one."""
_VOWEL = re.compile(r"(?!uni)[aeiou]")
_YES_IF = "Select yes if "
_TERMS = {"no actor ": "no person or system ", "correct the id": "correct the reference"}
"""Words of a refusal on a form, by the words for programs."""
_MOMENT = re.compile(r"(?<![“\w-])(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})[\d:.]*Z)?(?![\w-])", re.ASCII)
"""A date or an instant in a refusal, unless a quotation begins with it."""
_ANY_SIZE = re.compile(r" from (\S+) to 9,007,199,254,740,991")
"""Bounds of a number that has no upper bound for people."""
_STEP = re.compile(r"\[[^\]]*\]$|\.[^.\[\]]*$")


class ErrorLine(Struct, frozen=True):
    """Line of the list of errors at the top of a page."""

    text: str
    href: str


def attach_refusals(controls: Sequence[FormControl], refusals: Iterable[Refusal]) -> list[ErrorLine]:
    """Attach each refusal to its control, and return the list of errors in the order of the page.

    A refusal that fits no control, such as a clash with another actor's entry, comes first.
    """
    by_path = {control.path: (order, control) for order, control in enumerate(flat(controls))}
    lines: list[tuple[int, ErrorLine]] = []
    for refusal in refusals:
        path = _control_path(refusal.path, by_path)
        if not path:
            lines.append((-1, ErrorLine(_capitalised(_message(refusal, None)), "#record")))
            continue
        order, control = by_path[path]
        message = _capitalised(_message(refusal, control))
        if message not in control.errors:
            control.errors.append(message)
            lines.append((order, ErrorLine(_in_summary(message, control), f"#{control.target}")))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _control_path(path: str, known: Container[str]) -> str:
    """Return the path of the innermost control around a path, or an empty string if no control is around it."""
    while path and path not in known:
        shorter = _STEP.sub("", path)
        path = shorter if shorter != path else ""
    return path


def _message(refusal: Refusal, control: FormControl | None) -> str:
    """Return a refusal in the terms of the form, which has labels and options instead of fields and codes."""
    if refusal.code == "KEY_REUSED":
        entry = refusal.message.partition(" has ")[0]
        return f"{entry} was recorded from this form with other answers; continue only if this is a new entry"
    if refusal.code == "CONFIRM_PERSONAL_DATA":
        return f"{refusal.message.partition(';')[0]}; remove it, or confirm below that it is not personal data"
    if (
        refusal.code == "MISSING_FIELD"
        and control is not None
        and control.required
        and refusal.path == control.path
    ):
        return _missing(control)
    message = _MOMENT.sub(_moment, refusal.message)
    for term, words in _TERMS.items():
        message = message.replace(term, words)
    if control is not None and message.startswith("expected "):
        message = f"{control.label} must be{message.removeprefix('expected')}"
    return _ANY_SIZE.sub(r" of \1 or more", message)


def _moment(moment: re.Match[str]) -> str:
    """Return a date or an instant of a refusal in words; a text that is no date stays unchanged."""
    try:
        day = formatting.day(moment[1])
    except ValueError:
        return moment[0]
    return f"{day}, {moment[2]} UTC" if moment[2] else day


def _missing(control: FormControl) -> str:
    """Return the error of a required control that is blank."""
    label = f"{control.label[:1].lower()}{control.label[1:]}"
    if control.hint.startswith(_YES_IF):
        return control.hint.rstrip(".")
    verb = "Select" if control.widget in ("radios", "select", "boxes") else "Enter"
    if control.widget in ("boxes", "list") and label not in _UNCOUNTABLE:
        return f"{verb} at least one {singular(label)}"
    return f"{verb} {_with_article(label)}"


def _with_article(label: str) -> str:
    head = _OF.split(label, maxsplit=1)[0]
    if label in _UNCOUNTABLE or (head.endswith("s") and not head.endswith(("is", "ss", "us"))):
        return label
    if _THE_ONE.match(label):
        return f"the {label}"
    return f"an{label}" if label.startswith("other ") else f"{'an' if _VOWEL.match(label) else 'a'} {label}"


def _in_summary(message: str, control: FormControl) -> str:
    """Return an error for the list at the top of the page, with the control's label."""
    label, lowered = control.label.lower(), message.lower()
    named = (label, f"one {singular(label)}")
    if lowered.startswith(label):
        return f"{control.full_label}{message[len(label) :]}"
    complete = lowered.startswith(_YES_IF.lower()) or (
        lowered.startswith(("enter ", "select ")) and lowered.endswith(named)
    )
    return (
        message
        if complete and control.label == control.full_label
        else f"{control.full_label}: {message[:1].lower()}{message[1:]}"
    )


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
