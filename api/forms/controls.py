"""A form as it stands on a page: every control with its name, its id, what was typed into it and its faults. Pure.

Its templates only put this into the macros of govuk-frontend; what is asked, offered and said is decided here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec import field as made_by

from api.forms import dates
from api.forms.choices import ABOUT, Choices
from api.forms.fields import COMPOSITE, Choice, Control, Field, fields_of
from api.forms.parse import CHANGE, DATA, Typed
from ledger.domain.errors import Refusal
from ledger.domain.registry import KINDS
from projections.narrate.sentence import numbered

ADD, REMOVE = "add:", "remove:"
"""How what a button says begins that adds a row to a list, or takes one away."""
_MOST_BOXES = 40
_MOST_RADIOS = 8
_MANY = 10
"""More boxes than these stand in a frame of their own that scrolls."""
_SHORT_TEXTS = frozenset({"title", "organisation", "what", "interest", "authority", "where"})
_STEP = re.compile(r"\[[^\]]*\]$|\.[^.\[\]]*$")


class _Part(Struct, frozen=True):
    """How a part of a day or an instant is asked for."""

    label: str
    width: str
    mode: str = "numeric"


_PARTS = {
    "day": _Part("Day", "govuk-input--width-2"),
    "month": _Part("Month", "govuk-input--width-2", "text"),
    "year": _Part("Year", "govuk-input--width-4"),
    "time": _Part("Time, such as 14:30", "govuk-input--width-5", "text"),
}


class FormControl(Struct, kw_only=True):
    """A control of a form."""

    as_: str
    """How it is shown: line, text, radios, select, boxes, day, instant, group, list or another fact."""
    place: str
    """Where what it gives stands in the event, and its faults are found."""
    label: str
    called: str
    """Its label with those of what it stands in, for the list of faults."""
    hint: str = ""
    required: bool = True
    name: str = ""
    """What its input is called: its place, but that rows of a list share one."""
    value: str = ""
    values: Sequence[str] = ()
    """Of boxes: those ticked."""
    words: Sequence[Choice] = ()
    """What may be chosen, or is suggested."""
    parts: Mapping[str, str] = {}
    inside: list["FormControl"] = made_by(default_factory=list)
    """The controls of a group, the rows of a list."""
    more: bool = False
    """Whether another row can be added."""
    removable: bool = False
    changes: bool | None = None
    """Of a list that may stay as it is: whether it was said that it changes."""
    rows: int = 1
    """How high a control for text is."""
    mode: str = ""
    """The kind of keyboard that helps."""
    fresh: bool = False
    """Whether it is where typing goes on."""
    faults: list[str] = made_by(default_factory=list)

    @property
    def id(self) -> str:
        """The id of its element."""
        return re.sub(r"[^A-Za-z0-9]+", "-", self.place).strip("-")

    @property
    def items(self) -> list[dict[str, object]]:
        """What may be chosen, as govuk-frontend has it; what is ticked first, where it might be out of sight."""
        ticked = set(self.values) or {self.value}
        words = sorted(self.words, key=lambda word: word.value not in ticked) if self.many else self.words
        return [
            {
                "value": word.value,
                "text": word.label,
                "checked": word.value in ticked,
                "selected": word.value in ticked,
            }
            for word in words
        ]

    @property
    def many(self) -> bool:
        """Whether it offers so much that it scrolls."""
        return len(self.words) > _MANY

    @property
    def inputs(self) -> list[dict[str, object]]:
        """The inputs of a day or an instant, as govuk-frontend has them."""
        return [
            {
                "id": f"{self.id}-{part}",
                "name": f"{self.place}.{part}",
                "label": _PARTS[part].label,
                "value": value,
                "classes": f"{_PARTS[part].width}{' govuk-input--error' if self.faults else ''}",
                "inputmode": _PARTS[part].mode,
                "autocomplete": "off",
                "attributes": self.attributes if part == "day" else {},
            }
            for part, value in self.parts.items()
        ]

    @property
    def attributes(self) -> dict[str, str]:
        """Further attributes of its element."""
        offered = {"list": f"{self.id}-offered"} if self.as_ == "line" and self.words else {}
        return offered | ({"autofocus": ""} if self.fresh else {})

    @property
    def target(self) -> str:
        """The id of the first input in it."""
        if self.as_ in ("day", "instant"):
            return f"{self.id}-day"
        if self.as_ in ("group", "list", "fact") or (self.as_ == "boxes" and not self.words):
            return self.inside[0].target if self.inside else self.id
        return self.id


class Fault(Struct, frozen=True):
    """A line of the list of faults at the top of a page."""

    text: str
    href: str


class Form(Struct):
    """What was typed, what may be chosen, and what was said of it."""

    typed: Typed
    choices: Choices
    fresh: str = ""
    """The list that a row was added to."""

    def controls(self, fields: Iterable[Field], place: str = DATA, called: str = "") -> list[FormControl]:
        """The controls of fields."""
        return [self.control(each, f"{place}.{each.key}", called) for each in fields]

    def control(self, asked: Field, place: str, within: str) -> FormControl:
        """The control of a field at a place."""
        called = f"{within}, {asked.label[:1].lower()}{asked.label[1:]}" if within else asked.label
        if asked.many:
            return self._list(asked, place, called)
        return self._one(asked, place, asked.label, called)

    def _words(self, asked: Field) -> tuple[Choice, ...]:
        names = (ABOUT,) if asked.about and ABOUT in self.choices else asked.names
        return tuple(word for kind in names for word in self.choices.get(kind, ()))

    def _list(self, asked: Field, place: str, called: str) -> FormControl:
        words = asked.words or self._words(asked)
        shown = FormControl(
            as_="list",
            place=place,
            label=asked.label,
            called=called,
            hint=asked.hint,
            required=asked.required and asked.least > 0,
            changes=bool(self.typed.get(place + CHANGE)) if asked.nullable else None,
        )
        if words and len(words) <= _MOST_BOXES and asked.control is not Control.TEXT:
            return self._boxes(asked, shown, words)
        shown.more = True
        if asked.control in COMPOSITE:
            places = [f"{place}[{number}]" for number in self._numbers(place)]
        else:
            places = [f"{place}[{index}]" for index, _ in enumerate(self._lines(place))]
        for index, row in enumerate(places):
            are_texts = asked.control is Control.TEXT
            label, row_called = (
                numbered(each, index + 1) if are_texts else f"{each} {index + 1}" for each in (asked.label, called)
            )
            inside = self._one(asked, row, label, row_called, name=place)
            inside.hint, inside.required, inside.removable = (
                "",
                True,
                asked.control in COMPOSITE and len(places) > 1,
            )
            inside.fresh = self.fresh == place and index == len(places) - 1
            shown.inside.append(inside)
        return shown

    def _lines(self, place: str) -> list[str]:
        """What was typed into the rows there, and one more for what comes."""
        found = list(self.typed.get(place, ()))
        return [*found, ""] if not found or self.fresh == place else found

    def _numbers(self, place: str) -> list[int]:
        """The numbers of the rows there, and of one more for what comes."""
        numbered = re.compile(re.escape(place) + r"\[(\d{1,4})\]", re.ASCII)
        found = sorted({int(match[1]) for name in self.typed if (match := numbered.match(name))})
        return [*found, found[-1] + 1 if found else 0] if not found or self.fresh == place else found

    def _boxes(self, asked: Field, shown: FormControl, words: tuple[Choice, ...]) -> FormControl:
        """Boxes to tick, and lines beside them where something else may be named too."""
        known = {word.value for word in words}
        typed = [each for each in self.typed.get(shown.place, ()) if each.strip()]
        others = [each for each in typed if each not in known]
        shown.as_, shown.values = "boxes", [each for each in typed if each in known]
        shown.words = words
        if asked.words or asked.closed:
            shown.words = (*words, *(Choice(each, each) for each in others))
            shown.values = typed
            return shown
        shown.more = True
        for index, other in enumerate([*others, ""]):
            shown.inside.append(
                FormControl(
                    as_="line",
                    place=f"{shown.place}[{len(shown.values) + index}]",
                    label=f"Another {index + 1}" if index else "Another",
                    called=f"{shown.called}, another",
                    name=shown.place,
                    value=other,
                    fresh=self.fresh == shown.place and index == len(others),
                )
            )
        return shown

    def _one(self, asked: Field, place: str, label: str, called: str, name: str | None = None) -> FormControl:
        shown = FormControl(
            as_="line", place=place, label=label, called=called, hint=asked.hint, required=asked.required
        )
        match asked.control:
            case Control.GROUP | Control.PARAMETERS:
                shown.as_, shown.inside = "group", self.controls(asked.fields, place, called)
            case Control.FACT:
                self._fact(asked, shown)
            case Control.DAY | Control.INSTANT:
                shown.as_ = "day" if asked.control is Control.DAY else "instant"
                names = dates.DAY_PARTS if shown.as_ == "day" else (*dates.DAY_PARTS, "time")
                shown.parts = {part: next(iter(self.typed.get(f"{place}.{part}", ())), "") for part in names}
            case _:
                self._input(asked, shown, name)
        return shown

    def _fact(self, asked: Field, shown: FormControl) -> None:
        """Another fact: its type, and the fields of the type that was chosen."""
        shown.as_ = "fact"
        of_type = Field(key="type", label="Fact", control=Control.WORD, words=asked.words, required=False)
        chosen = self.control(of_type, f"{shown.place}.type", shown.called)
        shown.inside = [chosen]
        kind = KINDS.get(chosen.value)
        if kind is not None:
            shown.inside += self.controls(fields_of(kind.struct), f"{shown.place}.data", shown.called)

    def _input(self, asked: Field, shown: FormControl, name: str | None) -> None:
        """A control with one value; `name`: what it is called in a list whose rows share one."""
        if name is None:
            value = next(iter(self.typed.get(shown.place, ())), "")
        else:
            index = int(shown.place.rpartition("[")[2][:-1])
            value = self._lines(name)[index]
        shown.name, shown.value = name or shown.place, value
        offered = self._words(asked) if not asked.begins else ()
        match asked.control:
            case Control.TEXT:
                shown.as_ = "text"
                shown.rows = 2 if asked.key in _SHORT_TEXTS or name is not None else 5
            case Control.YES_NO:
                self._choose(shown, (Choice("yes", "Yes"), Choice("no", "No")), value)
            case Control.WORD:
                self._choose(shown, asked.words, value)
            case _ if offered and asked.closed:
                self._choose(shown, offered, value, of_things=True)
            case _:
                shown.words = offered
                shown.mode = {Control.WHOLE: "numeric", Control.NUMBER: "decimal"}.get(asked.control, "")

    def _choose(
        self, shown: FormControl, words: tuple[Choice, ...], value: str, *, of_things: bool = False
    ) -> None:
        """One of several: all to be seen where they are few and one has to be chosen."""
        if value and value not in {word.value for word in words}:
            words = (*words, Choice(value, value))
        few = shown.required and len(words) <= _MOST_RADIOS and not of_things
        shown.as_, shown.words = "radios" if few else "select", words


def flat(controls: Iterable[FormControl]) -> Iterable[FormControl]:
    """Every control, those within others after them."""
    for each in controls:
        yield each
        yield from flat(each.inside)


def blame(controls: Sequence[FormControl], refusals: Iterable[Refusal]) -> list[Fault]:
    """Writes each refusal beside the control that it is of; the list of all of them, in the order of the page.

    What is of no control, such as that somebody else records under the same id, comes first.
    """
    by_place = {each.place: (order, each) for order, each in enumerate(flat(controls))}
    found: list[tuple[int, Fault]] = []
    for refusal in refusals:
        place = refusal.path
        while place and place not in by_place:
            shorter = _STEP.sub("", place)
            place = shorter if shorter != place else ""
        sentence = _sentence(refusal, by_place[place][1] if place else None)
        if not place:
            found.append((-1, Fault(_begun(sentence), "#record")))
            continue
        order, shown = by_place[place]
        if _begun(sentence) not in shown.faults:
            shown.faults.append(_begun(sentence))
            found.append((order, Fault(f"{shown.called}: {sentence}", f"#{shown.target}")))
    return [fault for _, fault in sorted(found, key=lambda each: each[0])]


def _sentence(refusal: Refusal, shown: FormControl | None) -> str:
    """The refusal as somebody at the form reads it, who chooses and ticks instead of naming fields and codes."""
    if refusal.code == "CONFIRM_PERSONAL_DATA":
        return f"{refusal.message.partition(';')[0]}; leave it out, or tick the box below if it is nobody's own"
    if (
        refusal.code != "MISSING_FIELD"
        or shown is None
        or not refusal.message.startswith("this field is required")
    ):
        return refusal.message
    if shown.as_ in ("radios", "select"):
        return "this is missing; choose one"
    several = "choose at least one" if shown.as_ == "boxes" else "give at least one"
    return f"this is missing; {several if shown.as_ in ('boxes', 'list') else 'write it'}"


def _begun(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
