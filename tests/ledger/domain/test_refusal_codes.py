"""Test that the list of codes has each code that the ledger refuses with, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import ledger
from ledger.domain.refusal_codes import RefusalCode
from ledger.intake.validation_errors import _CODES

ROOT = Path(ledger.__file__).parent


def codes(path: Path) -> Iterator[str]:
    """Yield the codes that a module writes in `Refusal(…)` and `Refused.because(…)`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name("Refusal") | ast.Attribute(attr="because"), args=[ast.Constant(str(code)), *_]
            ):
                yield code


def test_the_list_has_all_codes_and_no_others() -> None:
    written = {code for path in ROOT.rglob("*.py") for code in codes(path)}
    assert written | {code for _, code in _CODES} == {code.value for code in RefusalCode}
