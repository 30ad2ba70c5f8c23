"""The kinds of rule that a clause may name, and the parameters of each. Pure data.

A pack with an unknown rule or parameter is refused: a clause that no rule judges would look as if it were met.
"""

from collections.abc import Callable, Mapping
from datetime import date


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


FORMS: Mapping[str, Callable[[object], bool]] = {
    "a whole number": _is_number,
    "true or false": lambda value: isinstance(value, bool),
    "a word": lambda value: isinstance(value, str),
    "a list of words": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "a day, such as 2023-06-30": _is_day,
}
"""Forms of a parameter: name → test of a value."""
_NUMBER, _FLAG, _WORD, _WORDS, _DAY = FORMS
EVERYWHERE: Mapping[str, str] = {"open_words": _WORDS}
"""Parameters of every rule. `open_words`: words that the notice leaves open until an interpretation is adopted."""
RULES: Mapping[str, Mapping[str, str]] = {
    "context": {},
    "plan-cites-self-assessment": {"area": _WORD},
    "measures-improve": {"area": _WORD},
    "partner-actions-owned": {"law": _WORD},
    "adviser-in-post": {"released_by": _WORD},
    "plan-coverage": {"covers": _WORDS},
    "plan-kept-current": {"stale_after_days": _NUMBER},
    "board-and-chair": {"independent_chair": _FLAG, "chaired_by": _WORD, "timetable_agreed_with": _WORD},
    "board-report-complete": {"parts": _WORDS},
    "slow-objectives-highlighted": {"by": _WORD},
    "views-considered": {"groups": _WORDS},
    "review-interval": {"at_most_months": _NUMBER, "by": _WORD},
    "review-topics": {"topics": _WORDS, "open_list": _FLAG},
    "diagnostic-agreed": {"consent_of": _WORD},
    "access-provided": {"maximum_days": _NUMBER, "within_working_days": _NUMBER},
    "access-of-kinds": {"kinds": _WORDS, "within_working_days": _NUMBER},
    "assessment-before-review": {},
    "assessment-content": {"part": _WORD},
    "delivered-by": {"target_date": _DAY, "area": _WORD},
    "adviser-reports": {"covers": _WORDS, "every_months": _NUMBER},
    "escalation": {"power": _WORD},
    "target-met": {"area": _WORD, "measure": _WORD, "target": _NUMBER, "by": _DAY},
    "plan-approved": {"body": _WORD, "by": _DAY},
    "published": {"what": _WORD, "every_months": _NUMBER},
}
"""Rules: name → each parameter's form. A pack gives the parameters that its notice settles."""


def wrong_rule(rule: str, parameters: Mapping[str, object]) -> list[tuple[str | None, str]]:
    """Return the faults of a clause's rule, each as (parameter or None for the rule itself, sentence)."""
    declared = RULES.get(rule)
    if declared is None:
        return [(None, f"no rule is called {rule}; the rules are {', '.join(RULES)}")]
    forms = {**declared, **EVERYWHERE}
    faults: list[tuple[str | None, str]] = []
    for name, value in parameters.items():
        form = forms.get(name)
        if form is None:
            faults.append((name, f"the rule {rule} has no parameter {name}; it has {', '.join(forms)}"))
        elif not FORMS[form](value):
            faults.append((name, f"{name} must be {form}"))
    return faults
