"""A decision of the board: who took it, what it rested on, and what followed it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages import renderer
from api.pages.page_data import only
from api.pages.page_request import PageRequest, ask, visit_of

_SUBJECTS, _MOMENTS = 4, 10
"""Of how many things that a decision concerns it is shown what followed, and how much of each."""


async def get_decision(request: Request) -> Response:
    """`GET /notices/{notice}/board/decisions/{decision}`."""
    visit = await visit_of(request)
    notice = await ask(request, visit, "decision", **visit.about)
    decision: Any = only(notice["board"]["decisions"]["nodes"])
    meetings = notice["board"]["meetings"]["nodes"]
    followed = []
    if visit.reads("timeline"):
        of_itself = [(decision["decision"], notice["timeline"]["nodes"])]
        of_others = [(each, await _moments(request, visit, each)) for each in decision["relatesTo"][:_SUBJECTS]]
        followed = [
            (subject, [each for each in moments if each["position"] > decision["position"]][:_MOMENTS])
            for subject, moments in of_itself + of_others
        ]
    given = {
        "notice": notice,
        "decision": decision,
        "meeting": next((each for each in meetings if each["meeting"] == decision["meeting"]), None),
        "followed": [(subject, moments) for subject, moments in followed if moments],
    }
    return renderer.page(request, "decision.html", given, visit=visit)


async def _moments(request: Request, visit: PageRequest, subject: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(request, visit, "followed", subject=subject))["timeline"]["nodes"]
    return found
