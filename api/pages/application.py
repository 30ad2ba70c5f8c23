"""Routes and error handlers of the pages, an application within the service."""

from functools import cache

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from api.auth.sessions import Sessions
from api.http import problem
from api.http.compression import COMPRESSED
from api.pages import (
    access_requests,
    decisions,
    downloads,
    errors,
    evidence_document,
    history,
    notices,
    oidc_sign_in,
    overview,
    query_pages,
    receipt,
    record,
    report_drafts,
    sign_in,
    static_files,
)
from api.pages.page_request import SignInNeeded
from api.services import Ledger
from ledger.domain.errors import Busy, Refused, Unavailable


class _Position(Convertor[int]):
    """Converter of an entry's position in an address; any other text there is an unknown page."""

    regex = "[1-9][0-9]{0,9}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("position", _Position())


def application(ledger: Ledger) -> Starlette:
    """Return the application of the pages."""
    app = Starlette(
        routes=[
            Route("/", notices.get_notices, methods=["GET"]),
            Route("/assets/{digest}/{name}", static_files.get_asset, methods=["GET"], middleware=COMPRESSED),
            Route("/sign-in", sign_in.get_sign_in, methods=["GET"]),
            Route("/sign-in", sign_in.post_sign_in, methods=["POST"]),
            Route(oidc_sign_in.BEGIN, oidc_sign_in.get_begin, methods=["GET"]),
            Route(oidc_sign_in.BACK, oidc_sign_in.get_back, methods=["GET"]),
            Route("/sign-out", sign_in.post_sign_out, methods=["POST"]),
            Route("/notices/{notice}/drafts", report_drafts.get_drafts, methods=["GET"]),
            Route("/notices/{notice}/drafts", report_drafts.post_drafts, methods=["POST"]),
            Route("/notices/{notice}/drafts/{draft}", report_drafts.get_draft, methods=["GET"]),
            Route("/notices/{notice}/drafts/{draft}", report_drafts.post_draft, methods=["POST"]),
            Route("/notices/{notice}/drafts/{draft}/preview", report_drafts.get_preview, methods=["GET"]),
            Route("/notices/{notice}/issued/{position:position}", report_drafts.get_issued, methods=["GET"]),
            Route(
                "/notices/{notice}/report-files/{report:path}.{format}", report_drafts.get_file, methods=["GET"]
            ),
            Route("/notices/{notice}/record", record.get_list, methods=["GET"]),
            Route("/notices/{notice}/record/{fact}", record.get_form, methods=["GET"]),
            Route("/notices/{notice}/record/{fact}", record.post_form, methods=["POST"]),
            Route("/notices/{notice}/record/{fact}/{position}", receipt.get_receipt, methods=["GET"]),
            Route("/notices/{notice}/board/decisions/{decision:path}", decisions.get_decision, methods=["GET"]),
            Route("/notices/{notice}/evidence/{evidence:path}", evidence_document.get_document, methods=["GET"]),
            Route("/notices/{notice}/files/{evidence:path}", downloads.get_file, methods=["GET"]),
            Route("/notices/{notice}/proofs/{position}", downloads.get_proof, methods=["GET"]),
            Route("/notices/{notice}/entries/{at:position}", history.get_entry, methods=["GET"]),
            Route("/notices/{notice}", overview.get_overview, methods=["GET"]),
            Route("/notices/{notice}/reviews", access_requests.get_reviews, methods=["GET"]),
            Route("/notices/{notice}/replay", history.get_replay, methods=["GET"]),
            Route("/notices/{notice}/changes", history.get_changes, methods=["GET"]),
            *query_pages.routes(),
        ],
        exception_handlers={
            SignInNeeded: errors.on_sign_in_needed,
            Refused: errors.on_ledger_error,
            Busy: errors.on_ledger_error,
            Unavailable: errors.on_ledger_error,
            ClientDisconnect: problem.on_disconnect,
            HTTPException: errors.on_http_exception,
            Exception: errors.on_failure,
        },
    )
    app.state.ledger = ledger
    app.state.sessions = cache(lambda: Sessions(ledger.session_key))
    return app
