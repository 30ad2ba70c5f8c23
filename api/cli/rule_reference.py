"""Write the reference of all rules in Markdown, from their declarations: `ledger schema rules --markdown`."""

from collections.abc import Iterator

from ledger.domain.registry import KIND_OF
from ledger.domain.rules import RULES
from ledger.domain.rules.check import parameters_of
from ledger.domain.rules.rule import Rule

_HEAD = """\
# Rules

Look up the rule by which the ledger is to judge a clause of a notice pack: its parameters, an example, and the
facts that it reads. `ledger notice check` names every fault of a rule with its line and the nearest right value.
The same checks apply when a clause is recorded, interpreted or revised. `ledger schema rules --markdown` writes
this page.

Statuses of an obligation: MET, MET_LATE, AT_RISK, NOT_MET, NOT_DUE, NO_EVIDENCE. A MAY clause gives a power:
POWER_UNUSED or POWER_USED. A context clause is NOT_APPLICABLE. Powers and context clauses are never counted.

Every clause may also have `open_words`: words of the notice that need an interpretation. No verdict uses them.
"""


def markdown() -> str:
    """Return the reference of all rules as one Markdown document."""
    return "\n".join([_HEAD, *(line for rule in RULES.values() for line in _section(rule))])


def as_json() -> list[dict[str, object]]:
    """Return every rule with its parameters, for programs."""
    return [
        {
            "rule": rule.kind,
            "sentence": rule.sentence(),
            "wordings": list(rule.wordings),
            "example": rule.example,
            "reads": reads(rule),
            "parameters": [
                {
                    "name": each.name,
                    "form": each.form,
                    "required": each.required,
                    "description": each.description,
                    "words": each.words,
                }
                for each in parameters_of(rule)
            ],
        }
        for rule in RULES.values()
    ]


def reads(rule: type[Rule]) -> list[str]:
    """Return the names of the facts on which the rule's verdicts depend."""
    return sorted(KIND_OF[fact].name for fact in rule.reads)


def _section(rule: type[Rule]) -> Iterator[str]:
    yield f"## {rule.kind}\n"
    yield f"{rule.sentence()}\n"
    for wording in rule.wordings:
        yield f"> {wording}\n"
    parameters = parameters_of(rule)
    if parameters:
        yield "| parameter | value | required | meaning |"
        yield "|---|---|---|---|"
        for each in parameters:
            required = "yes" if each.required else "no"
            yield f"| `{each.name}` | {each.form} | {required} | {each.description} |"
        yield f"\nExample: `parameters = {{ {rule.example} }}`\n"
    yield f"Reads: {', '.join(reads(rule)) or 'no fact'}.\n"
