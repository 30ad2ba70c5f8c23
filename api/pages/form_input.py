"""Inputs of a page's form, as a browser sends them."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from api.forms.parse import Inputs
from api.forms.upload import MAXIMUM_BYTES, MAXIMUM_INPUTS
from api.http import body
from ledger.domain.errors import Refused


async def read_inputs(request: Request, limit: int = MAXIMUM_BYTES) -> dict[str, list[str]]:
    """Return the inputs of a form without a document; `limit` is the largest form in bytes.

    Raises:
        Refused: The body is not a form, or it is too long or too slow.
        ClientDisconnect: The client ended the connection.
    """
    content = await body.whole(request, limit, "the form")
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=MAXIMUM_INPUTS)
    except (UnicodeDecodeError, ValueError):
        raise Refused.because(
            "INVALID_BODY", "the form is malformed; reload the page and submit it again"
        ) from None
    inputs: dict[str, list[str]] = {}
    for name, value in pairs:
        inputs.setdefault(name, []).append(value.replace("\0", ""))  # no narrative can hold NUL
    return inputs


def first_input(inputs: Inputs, name: str) -> str:
    """Return the first value of an input, or an empty string if the form has no such input."""
    return next(iter(inputs.get(name, ())), "")
