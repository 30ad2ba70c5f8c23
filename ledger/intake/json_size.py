"""Limit the arrays and objects of a JSON text. Pure.

Python spends up to a microsecond on each. A few compressed bytes can contain a million, and all other requests
would wait for them.
"""

import re

from ledger.domain.errors import Refused

MAXIMUM_ARRAYS = 50_000
"""Maximum number of arrays and objects in one JSON text."""
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def check_arrays(text: str) -> None:
    """Raise Refused if a JSON text has more than MAXIMUM_ARRAYS arrays and objects outside its strings."""
    if _brackets(text) > MAXIMUM_ARRAYS and _brackets(_STRING.sub("", text)) > MAXIMUM_ARRAYS:
        message = f"the JSON has more than {MAXIMUM_ARRAYS:,} arrays and objects; send it in smaller parts"
        raise Refused.because("TOO_LARGE", message)


def _brackets(text: str) -> int:
    return text.count("[") + text.count("{")
