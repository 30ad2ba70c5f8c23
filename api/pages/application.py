"""The pages as an application of their own within the service: every route of a page, and how errors are shown."""

from functools import cache

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from api.pages import (
    decisions,
    errors,
    files,
    given,
    notices,
    organisations,
    record,
    registered,
    replaying,
    reporting,
    shown,
    sign_in,
)
from api.pages.sessions import Sessions
from api.pages.visit import SignInNeeded
from api.services import Ledger
from ledger.domain.errors import Busy, Refused, Unavailable


def application(ledger: Ledger) -> Starlette:
    """The pages of this ledger."""
    app = Starlette(
        routes=[
            Route("/", notices.get_notices, methods=["GET"]),
            Route("/assets/{digest}/{name}", files.get_asset, methods=["GET"]),
            Route("/sign-in", sign_in.get_sign_in, methods=["GET"]),
            Route("/sign-in", sign_in.post_sign_in, methods=["POST"]),
            Route(organisations.BEGIN, organisations.get_begin, methods=["GET"]),
            Route(organisations.BACK, organisations.get_back, methods=["GET"]),
            Route("/sign-out", sign_in.post_sign_out, methods=["POST"]),
            Route("/notices/{notice}/drafts", reporting.get_drafts, methods=["GET"]),
            Route("/notices/{notice}/drafts", reporting.post_drafts, methods=["POST"]),
            Route("/notices/{notice}/drafts/{draft}", reporting.get_draft, methods=["GET"]),
            Route("/notices/{notice}/drafts/{draft}", reporting.post_draft, methods=["POST"]),
            Route("/notices/{notice}/drafts/{draft}/preview", reporting.get_preview, methods=["GET"]),
            Route("/notices/{notice}/issued/{position:int}", reporting.get_issued, methods=["GET"]),
            Route("/notices/{notice}/report-files/{report:path}.{format}", reporting.get_file, methods=["GET"]),
            Route("/notices/{notice}/record", record.get_list, methods=["GET"]),
            Route("/notices/{notice}/record/{fact}", record.get_form, methods=["GET"]),
            Route("/notices/{notice}/record/{fact}", record.post_form, methods=["POST"]),
            Route("/notices/{notice}/record/{fact}/{position}", record.get_receipt, methods=["GET"]),
            Route("/notices/{notice}/board/decisions/{decision:path}", decisions.get_decision, methods=["GET"]),
            Route("/notices/{notice}/evidence/{evidence:path}", registered.get_document, methods=["GET"]),
            Route("/notices/{notice}/files/{evidence:path}", given.get_file, methods=["GET"]),
            Route("/notices/{notice}/proofs/{position}", given.get_proof, methods=["GET"]),
            Route("/notices/{notice}/entries/{at:int}", replaying.get_entry, methods=["GET"]),
            Route("/notices/{notice}/replay", replaying.get_replay, methods=["GET"]),
            Route("/notices/{notice}/changes", replaying.get_changes, methods=["GET"]),
            *shown.routes(),
        ],
        exception_handlers={
            SignInNeeded: errors.on_sign_in_needed,
            Refused: errors.on_ledger_error,
            Busy: errors.on_ledger_error,
            Unavailable: errors.on_ledger_error,
            HTTPException: errors.on_http_exception,
            Exception: errors.on_failure,
        },
    )
    app.state.ledger = ledger
    app.state.sessions = cache(lambda: Sessions(ledger.session_key))
    return app
