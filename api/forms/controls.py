"""Layout of a form: each control with its name, id, value and errors. Pure.

The templates only pass the layout to the macros of govuk-frontend.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec import field as struct_field

from api.forms import dates
from api.forms.choices import ABOUT, Choices
from api.forms.fields import COMPOSITE, Choice, Control, Field, fields_of
from api.forms.parse import CHANGE, DATA, Inputs
from ledger.domain.registry import KINDS
from projections.narrate.sentence import numbered, singular

ADD, REMOVE = "add:", "remove:"
"""Prefixes of the value of a button that adds or removes a row of a list."""
_MAXIMUM_BOXES = 200
_MAXIMUM_RADIOS = 8
_SCROLL_ABOVE = 10
"""Number of options above which a list of checkboxes scrolls."""
_SHORT_NARRATIVES = frozenset({"title", "organisation", "what", "interest", "authority", "where"})
_NOTHING = "None is available at present."


class _Part(Struct, frozen=True):
    """Input for a part of a date or an instant."""

    label: str
    width: str
    mode: str = "numeric"


_PARTS = {
    "day": _Part("Day", "govuk-input--width-2"),
    "month": _Part("Month", "govuk-input--width-2", "text"),
    "year": _Part("Year", "govuk-input--width-4"),
    "time": _Part("Time", "govuk-input--width-5", "text"),
}


class FormControl(Struct, kw_only=True):
    """A control of a form."""

    widget: str
    """Kind of control: line, text, radios, select, boxes, day, instant, file, group, list or fact."""
    path: str
    """Path by which refusals name the control's value, in most forms its path in the event."""
    label: str
    full_label: str
    """Label with the labels of the groups around the control, for the list of errors."""
    hint: str = ""
    required: bool = True
    name: str = ""
    """Name of the input, such as its path or the shared path of a list's rows."""
    value: str = ""
    values: Sequence[str] = ()
    """Selected values of checkboxes."""
    options: Sequence[Choice] = ()
    """Options to select from, or suggestions."""
    parts: Mapping[str, str] = {}
    children: list["FormControl"] = struct_field(default_factory=list)
    """Controls of a group, or rows of a list."""
    more: bool = False
    """True if another row can be added."""
    removable: bool = False
    changes: bool | None = None
    """True if the person selected that the list changes, False if not; None for a list without that choice."""
    rows: int = 1
    """Height of a text area in rows."""
    mode: str = ""
    """Kind of keyboard that a touch screen displays."""
    short: bool = False
    """True if the control is for a short reference or a number."""
    fresh: bool = False
    """True if the control receives the focus."""
    errors: list[str] = struct_field(default_factory=list)

    @property
    def id(self) -> str:
        """Id of the control's HTML element."""
        return re.sub(r"[^A-Za-z0-9]+", "-", self.path).strip("-")

    @property
    def items(self) -> list[dict[str, object]]:
        """Options for govuk-frontend; in a list that scrolls, selected options come first."""
        selected = set(self.values) or {self.value}
        options = (
            sorted(self.options, key=lambda option: option.value not in selected) if self.many else self.options
        )
        return [
            {
                "value": option.value,
                "text": option.label,
                "hint": {"text": option.hint} if option.hint else None,
                "checked": option.value in selected,
                "selected": option.value in selected,
            }
            for option in options
        ]

    @property
    def many(self) -> bool:
        """True if the control has so many options that they scroll."""
        return len(self.options) > _SCROLL_ABOVE

    @property
    def folded(self) -> bool:
        """True for a long list that may stay empty and is, so that the keyboard passes over it."""
        answered = any(each.value or each.values or each.errors or each.fresh for each in (self, *self.children))
        return self.many and not self.required and not answered

    @property
    def date_items(self) -> list[dict[str, object]]:
        """Inputs of a date or an instant for govuk-frontend."""
        return [
            {
                "id": f"{self.id}-{part}",
                "name": f"{self.path}.{part}",
                "label": _PARTS[part].label,
                "value": value,
                "classes": f"{_PARTS[part].width}{' govuk-input--error' if self.errors else ''}",
                "inputmode": _PARTS[part].mode,
                "attributes": self.attributes if part == "day" else {},
            }
            for part, value in self.parts.items()
        ]

    @property
    def attributes(self) -> dict[str, str]:
        """Further attributes of the control's HTML element."""
        offered = {"list": f"{self.id}-offered"} if self.widget == "line" and self.options else {}
        return offered | ({"autofocus": ""} if self.fresh else {})

    @property
    def target(self) -> str:
        """Id of the first input in the control."""
        if self.widget in ("day", "instant"):
            return f"{self.id}-day"
        if self.widget in ("group", "list", "fact") or (self.widget == "boxes" and not self.options):
            return self.children[0].target if self.children else self.id
        return self.id


class Form(Struct):
    """Inputs of a form and the options that it offers."""

    inputs: Inputs
    choices: Choices
    fresh: str = ""
    """Path of the list to which a row was just added; empty if no row was added."""

    def controls(self, fields: Iterable[Field], path: str = DATA, full_label: str = "") -> list[FormControl]:
        """Return a control for each field of the group at a path, whose label is `full_label`."""
        return [self.control(field, f"{path}.{field.key}", full_label) for field in fields]

    def control(self, field: Field, path: str, within: str) -> FormControl:
        """Return the control of a field.

        Args:
            field: The field.
            path: Path of the field's value in the event.
            within: Labels of the groups around the field.
        """
        named = not within or field.label.startswith(f"{within} ")
        full_label = field.label if named else f"{within}, {field.label[:1].lower()}{field.label[1:]}"
        if field.many:
            return self._list(field, path, full_label)
        return self._one(field, path, field.label, full_label)

    def _options(self, field: Field) -> tuple[Choice, ...]:
        kinds = (ABOUT,) if field.about and ABOUT in self.choices else field.references
        return tuple(option for kind in kinds for option in self.choices.get(kind, ()))

    def _without_options(self, field: Field, options: Sequence[Choice]) -> bool:
        """Return True if the field accepts existing things only, of which the viewer may know that none exists.

        People can be named before they are registered, while a notice is set up.
        """
        known = "actor" not in field.references and all(kind in self.choices for kind in field.references)
        return field.closed and not field.begins and not options and known

    def _hint(self, field: Field, options: Sequence[Choice]) -> str:
        """Return the hint of a field, with an example where an existing thing has to be typed."""
        is_typed = field.closed and not field.begins and not options
        return f"{field.hint} {field.example}".strip() if is_typed else field.hint

    def _list(self, field: Field, path: str, full_label: str) -> FormControl:
        options = field.options or self._options(field)
        control = FormControl(
            widget="list",
            path=path,
            label=field.label,
            full_label=full_label,
            hint=self._hint(field, options),
            required=field.required and field.least > 0,
            changes=bool(self.inputs.get(path + CHANGE)) if field.nullable else None,
        )
        if self._without_options(field, options):
            control.hint = f"{field.hint} {_NOTHING}".strip()
            return self._boxes(field, control, options)
        if options and len(options) <= _MAXIMUM_BOXES and field.control is not Control.TEXT:
            return self._boxes(field, control, options)
        control.more = True
        if field.control in COMPOSITE:
            rows = [f"{path}[{number}]" for number in self._numbers(path)]
        else:
            rows = [f"{path}[{index}]" for index, _ in enumerate(self._lines(path))]
        for index, row in enumerate(rows):
            label, row_label = (numbered(text, index + 1) for text in (field.label, full_label))
            item = self._one(field, row, label, row_label, name=path)
            item.hint, item.required = "", True
            item.removable = field.control in COMPOSITE and len(rows) > 1
            item.fresh = self.fresh == path and index == len(rows) - 1
            control.children.append(item)
        return control

    def _lines(self, path: str) -> list[str]:
        """Return the lines typed for a list, then a blank line if a row was added or no line typed."""
        lines = list(self.inputs.get(path, ()))
        return [*lines, ""] if not lines or self.fresh == path else lines

    def _numbers(self, path: str) -> list[int]:
        """Return a list's row numbers, with a new number if a row was added or the list is empty."""
        numbered = re.compile(re.escape(path) + r"\[(\d{1,4})\]", re.ASCII)
        numbers = sorted({int(match[1]) for name in self.inputs if (match := numbered.match(name))})
        return [*numbers, numbers[-1] + 1 if numbers else 0] if not numbers or self.fresh == path else numbers

    def _boxes(self, field: Field, control: FormControl, options: tuple[Choice, ...]) -> FormControl:
        """Return a list laid out as checkboxes; unless only options are accepted, add text lines for others."""
        known = {option.value for option in options}
        values = [value for value in self.inputs.get(control.path, ()) if value.strip()]
        unlisted = [value for value in values if value not in known]
        control.widget, control.values = "boxes", [value for value in values if value in known]
        control.options = options
        if field.options or field.closed:
            control.options = (*options, *(Choice(value, value) for value in unlisted))
            control.values = values
            return control
        control.more, control.hint = True, field.hint.removesuffix(field.example).strip()
        one = singular(field.label).lower()
        another = "Another" if " " in one else f"Another {one}"
        for index, other in enumerate([*unlisted, ""]):
            control.children.append(
                FormControl(
                    widget="line",
                    path=f"{control.path}[{len(control.values) + index}]",
                    label=f"{another} {index + 1}" if index else another,
                    full_label=f"{control.full_label}, another",
                    hint=field.example,
                    required=False,
                    short=bool(field.example),
                    name=control.path,
                    value=other,
                    fresh=self.fresh == control.path and index == len(unlisted),
                )
            )
        return control

    def _one(self, field: Field, path: str, label: str, full_label: str, name: str | None = None) -> FormControl:
        control = FormControl(
            widget="line", path=path, label=label, full_label=full_label, hint=field.hint, required=field.required
        )
        match field.control:
            case Control.GROUP | Control.PARAMETERS:
                control.widget, control.children = "group", self.controls(field.fields, path, full_label)
            case Control.FACT:
                self._fact(field, control)
            case Control.DAY | Control.INSTANT:
                control.widget = "day" if field.control is Control.DAY else "instant"
                names = dates.DAY_PARTS if control.widget == "day" else dates.INSTANT_PARTS
                control.parts = {part: next(iter(self.inputs.get(f"{path}.{part}", ())), "") for part in names}
            case _:
                self._input(field, control, name)
        return control

    def _fact(self, field: Field, control: FormControl) -> None:
        """Lay out a fact within the form of another fact: its type and the fields of the selected type."""
        control.widget = "fact"
        of_type = Field(key="type", label="Fact", control=Control.WORD, options=field.options, required=False)
        type_control = self.control(of_type, f"{control.path}.type", control.full_label)
        control.children = [type_control]
        kind = KINDS.get(type_control.value)
        if kind is not None:
            control.children += self.controls(fields_of(kind.struct), f"{control.path}.data", control.full_label)

    def _input(self, field: Field, control: FormControl, name: str | None) -> None:
        """Lay out a control with one value; `name` is the shared name of a list's rows, None outside a list."""
        if name is None:
            value = next(iter(self.inputs.get(control.path, ())), "")
        else:
            index = int(control.path.rpartition("[")[2][:-1])
            value = self._lines(name)[index]
        control.name, control.value = name or control.path, value
        options = self._options(field) if not field.begins else ()
        match field.control:
            case Control.TEXT:
                control.widget = "text"
                control.rows = 2 if field.key in _SHORT_NARRATIVES or name is not None else 5
            case Control.YES_NO:
                self._choose(control, (Choice("yes", "Yes"), Choice("no", "No")), value)
            case Control.WORD:
                self._choose(control, field.options, value)
            case _ if self._without_options(field, options):
                control.hint = f"{field.hint} {_NOTHING}".strip()
                self._choose(control, (), value, of_things=True)
            case _ if options and field.closed:
                self._choose(control, options, value, of_things=True)
            case _:
                control.options, control.hint = options, self._hint(field, options)
                control.mode = {Control.WHOLE: "numeric", Control.NUMBER: "decimal"}.get(field.control, "")
                control.short = bool(control.mode or field.example)

    def _choose(
        self, control: FormControl, options: tuple[Choice, ...], value: str, *, of_things: bool = False
    ) -> None:
        """Lay out a choice of one option: radios for a few required words, otherwise a list."""
        if value and value not in {option.value for option in options}:
            options = (*options, Choice(value, value))
        few = control.required and len(options) <= _MAXIMUM_RADIOS and not of_things
        control.widget, control.options = "radios" if few else "select", options


def flat(controls: Iterable[FormControl]) -> Iterable[FormControl]:
    """Yield every control and its descendants, with a parent before its children."""
    for control in controls:
        yield control
        yield from flat(control.children)
