"""Every fact's form on a page: its inputs, as a browser sends them, read back to the same values."""

from collections import defaultdict
from html.parser import HTMLParser

from api.forms.controls import Form
from api.forms.errors import attach_refusals
from api.forms.fields import Choice, Control, Field, fields_of
from api.forms.parse import read
from api.forms.prefill import prefill
from api.pages.renderer import environment
from ledger.domain.areas.actions import ActionAdded
from ledger.domain.areas.board import DecisionRescinded
from ledger.domain.areas.plan import ObjectiveAdded
from ledger.domain.errors import Refusal
from ledger.domain.registry import KINDS, Kind
from tests.api.filling import sent
from tests.api.forms.test_facts import EVERY, LONDON, written


def rendered(form: Form, fields: tuple[Field, ...], refusals: tuple[Refusal, ...] = ()) -> str:
    controls = form.controls(fields)
    attach_refusals(controls, refusals)
    control = environment().get_template("controls.html").module.control  # type: ignore[attr-defined]
    return "".join(str(control(each)) for each in controls)


class Ids(HTMLParser):
    """Ids of elements, and ids that others refer to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.named: set[str] = set()
        self.feed(html)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif name in ("for", "list", "aria-describedby"):
                self.named |= set((value or "").split())


@EVERY
def test_what_a_browser_sends_of_a_form_reads_back(kind: Kind) -> None:
    fields = fields_of(kind.struct)
    typed = prefill(fields, written(kind), LONDON)
    pairs = defaultdict(list)
    for name, value in sent(rendered(Form(typed, {}), fields)):
        pairs[name].append(value)
    assert read(fields, pairs, LONDON).inputs == typed


@EVERY
def test_every_fault_leads_to_a_control_that_tells_of_it(kind: Kind) -> None:
    fields = fields_of(kind.struct)
    refusals = tuple(Refusal("WRONG_TYPE", "this is wrong", f"data.{field.key}") for field in fields)
    html = rendered(Form({}, {}), fields, refusals)
    controls = Form({}, {}).controls(fields)
    errors = attach_refusals(controls, refusals)
    ids = Ids(html)
    assert len(errors) == len(fields)
    assert len(ids.ids) == len(set(ids.ids)), "an id occurs twice"
    assert {line.href.removeprefix("#") for line in errors} <= set(ids.ids)
    assert ids.named <= set(ids.ids)
    assert html.count("This is wrong") == len(fields)


def test_a_field_without_options_says_so() -> None:
    (decision,) = (field for field in fields_of(DecisionRescinded) if field.key == "decision")
    hint = "None is available at present."
    assert [each.hint for each in Form({}, {"decision": ()}).controls([decision])] == [hint]
    some = Form({}, {"decision": (Choice("D1", "D1"),)}).controls([decision])
    unreadable = Form({}, {}).controls([decision])
    assert [each.hint for each in (*some, *unreadable)] == ["", "For example, D1."]
    (new,) = (field for field in fields_of(ActionAdded) if field.key == "action")
    assert [each.hint for each in Form({}, {"action": ()}).controls([new])] == [""], "a reference is proposed"


def test_every_kind_of_control_is_among_the_facts() -> None:
    def controls(fields: tuple[Field, ...]) -> set[Control]:
        return {each.control for each in fields} | {c for each in fields for c in controls(each.fields)}

    assert {c for kind in KINDS.values() for c in controls(fields_of(kind.struct))} == set(Control)


def test_what_is_typed_is_never_markup() -> None:
    typed = {"data.title": ['</textarea><script>"&'], "data.objective": ['"><b>']}
    html = rendered(Form(typed, {}), fields_of(ObjectiveAdded))
    assert "<script>" not in html
    assert "<b>" not in html
    assert ("data.title", '</textarea><script>"&') in sent(html)
