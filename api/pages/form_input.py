"""What was typed into a form of a page, as a browser sends it."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from api.forms.parse import Typed
from api.forms.upload import LARGEST, MOST_INPUTS
from api.http import body
from ledger.domain.errors import Refused


async def typed_into(request: Request) -> dict[str, list[str]]:
    """What was typed into a form without a document; raises Refused for what is none."""
    sent = await body.whole(request, LARGEST, "the form")
    try:
        pairs = parse_qsl(sent.decode(), keep_blank_values=True, max_num_fields=MOST_INPUTS)
    except (UnicodeDecodeError, ValueError):
        raise Refused.because(
            "INVALID_BODY", "this is not the form of a page; load it again and send that"
        ) from None
    typed: dict[str, list[str]] = {}
    for name, value in pairs:
        typed.setdefault(name, []).append(value.replace("\0", ""))  # which no keyboard has, and no text can hold
    return typed


def one(typed: Typed, name: str) -> str:
    """What was typed into the one input of that name; nothing where there is none."""
    return next(iter(typed.get(name, ())), "")
