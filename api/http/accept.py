"""Media types that a request accepts, and charsets of a body. Imports starlette."""

import codecs

from starlette.requests import Request


def quality(request: Request, media_type: str, *, named: bool = False) -> float:
    """Return the preference for a media type in `Accept`, from 0 (refused) to 1.

    Args:
        request: The request; a request without `Accept` accepts every type.
        media_type: The type, in lower case.
        named: True to ignore ranges such as `*/*`, so that only the type itself counts.
    """
    accepted = _accepted(request)
    if accepted is None:
        return 0.0 if named else 1.0
    ranges = (media_type,) if named else (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((accepted[each] for each in ranges if each in accepted), 0.0)


def _accepted(request: Request) -> dict[str, float] | None:
    """Return the media ranges of `Accept` with their preference; None without the header."""
    values = ",".join(request.headers.getlist("accept"))
    if not values.strip():
        return None
    accepted: dict[str, float] = {}
    for each in values.lower().split(","):
        media_range, *parameters = (part.strip() for part in each.split(";"))
        accepted[media_range] = next((_number(each[2:]) for each in parameters if each.startswith("q=")), 1.0)
    return accepted


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0


def other_charset(parameters: str) -> str | None:
    """Return the first charset of the parameters that is neither UTF-8 nor ASCII; None without such a charset."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
            try:
                known = codecs.lookup(charset).name
            except (LookupError, ValueError):
                return charset
            if known not in ("utf-8", "ascii"):
                return known
    return None
