"""Each fact has a form, and its inputs read back to the same fact."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from api.forms.fields import Field, fields_of
from api.forms.parse import read
from api.forms.prefill import prefill
from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS, Kind, put_at, values_at
from ledger.intake.parse import accept_fact

LONDON = ZoneInfo("Europe/London")
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
LINES = (Path(__file__).parents[2] / "ledger/domain/golden/facts.ndjson").read_text("utf-8").splitlines()
EXAMPLES = {line.partition(" ")[0]: json.loads(line.partition(" ")[2]) for line in LINES}
DIGEST = "A" * 43 + "="
TEXT = "What was said:\n\n  “a longer text”, of two paragraphs."


def written(kind: Kind) -> dict[str, Any]:
    """Return the example of a fact with all its fields, as a client sends it."""
    data: dict[str, Any] = json.loads(json.dumps(EXAMPLES[kind.type]))
    _write(kind, data)
    if "replacement" in data:
        _write(KINDS[data["replacement"]["type"]], data["replacement"]["data"])
    return data


def _write(kind: Kind, data: dict[str, Any], text: object = TEXT) -> None:
    for path in kind.narratives:
        for where, value in list(values_at(data, path)):
            if value is not None:
                put_at(data, where, text)


def every(fields: tuple[Field, ...]) -> list[Field]:
    return [each for field in fields for each in (field, *every(field.fields))]


@EVERY
def test_what_is_typed_for_a_fact_reads_back_to_it(kind: Kind) -> None:
    data = written(kind)
    fields = fields_of(kind.struct)
    inputs = prefill(fields, data, LONDON)
    parsed = read(fields, inputs, LONDON)
    assert not parsed.refusals
    assert parsed.inputs == inputs
    again, texts = accept_fact(kind, parsed.event["data"])
    first, _ = accept_fact(kind, data)
    assert _bare(kind, again) == _bare(kind, first)
    assert {text.body for text in texts} <= {TEXT}


def _bare(kind: Kind, fact: Fact) -> Fact:
    """Return a fact with equal digests of its narratives, whose salts are random."""
    data = msgspec.to_builtins(fact)
    _write(kind, data, {"sha256": DIGEST})
    if data.get("replacement"):
        _write(KINDS[data["replacement"]["type"]], data["replacement"]["data"], {"sha256": DIGEST})
    return msgspec.convert(data, kind.struct)
