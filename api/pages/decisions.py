"""Page of a board decision: who took it, its evidence, and later entries about it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.pages import renderer
from api.pages.page_data import only
from api.pages.page_request import PageRequest, ask, page_request_of

_MOMENTS = 10
"""Maximum number of later entries that are shown for each subject of a decision."""


async def get_decision(request: Request) -> Response:
    """Answer `GET /notices/{notice}/board/decisions/{decision}` with the page of a decision."""
    page_request = await page_request_of(request)
    notice = await ask(request, page_request, "decision", **page_request.about)
    decision: Any = only(notice["board"]["decisions"]["nodes"])
    meetings = notice["board"]["meetings"]["nodes"]
    followed = []
    if page_request.reads("timeline"):
        own = [(decision["decision"], notice["timeline"]["nodes"])]
        related = [(subject, await _moments(request, page_request, subject)) for subject in decision["relatesTo"]]
        followed = [
            (subject, [moment for moment in moments if moment["position"] > decision["position"]][:_MOMENTS])
            for subject, moments in own + related
        ]
    context = {
        "notice": notice,
        "decision": decision,
        "meeting": next((meeting for meeting in meetings if meeting["meeting"] == decision["meeting"]), None),
        "titles": titles_of(decision, await ask(request, page_request, "related", ids=decision["relatesTo"])),
        "followed": [(subject, moments) for subject, moments in followed if moments],
    }
    return renderer.page(request, "decision.html", context, page_request=page_request)


def titles_of(decision: dict[str, Any], related: dict[str, Any]) -> dict[str, str | None]:
    """Return the titles of a decision and of related things, by id; None if a title is erased."""
    lists = [
        related["board"]["decisions"],
        *related.get("plan", {}).values(),
        related.get("measures", {"nodes": ()}),
    ]
    nodes = [*related["areas"], *(node for each in lists for node in each["nodes"])]
    return {decision["decision"]: decision["title"], **{node["id"]: node["title"] for node in nodes}}


async def _moments(request: Request, page_request: PageRequest, subject: str) -> list[dict[str, Any]]:
    moments: list[dict[str, Any]] = (await ask(request, page_request, "followed", subject=subject))["timeline"][
        "nodes"
    ]
    return moments
