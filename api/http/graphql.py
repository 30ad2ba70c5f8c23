"""The GraphQL endpoint: GraphQL over HTTP, server-sent events and WebSocket.

A request has one operation. The header `Authorization` identifies the viewer. A WebSocket client that cannot send
this header puts the value in the payload of `connection_init`. Imports strawberry's ASGI view.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from hashlib import sha256
from json import JSONDecodeError
from typing import Any, NoReturn, TypeAlias, cast

import msgspec
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLRequestData
from strawberry.http.streaming import HTTPStreamTransport
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

import schema
from api.auth.identity import address_of, counted_as, recalled_viewer_of, viewer_of
from api.http import body, graphiql, graphql_socket, metrics
from api.http.accept import quality
from api.http.graphql_documents import Documents
from api.http.graphql_request import (
    JSON,
    GraphqlRequest,
    check_media_type,
    receive_body,
    refused_status,
    request_of,
    with_document,
)
from api.http.graphql_stream import EventStream, until
from api.services import Ledger
from ledger.append.recalled_states import Unconfirmed
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Busy, Refused, Unavailable
from ledger.intake.json_size import check_arrays
from ledger.intake.parse import SubmittedFact, unique
from schema.context import Append, Context
from schema.errors import BAD_REQUEST

GRAPHQL_RESPONSE = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
OPERATIONS_AT_ONCE = 20
"""Maximum number of simultaneous operations on one WebSocket."""
_encode = msgspec.json.Encoder().encode
_Operation: TypeAlias = tuple[str, Mapping[str, Any] | None, str | None]
"""GraphQL document, its variables, and the name of the operation to execute."""


class _Joining(Context):
    """Context of a WebSocket whose client is not yet identified."""

    connection_params: Mapping[str, object] | None = None
    socket: WebSocket


class _PendingResponse(Response):
    """Response that strawberry fills in, with the request that it answers."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request
        del self.headers["content-length"]


def _refuse_constant(name: str) -> NoReturn:
    """Raise ValueError for NaN and Infinity, which Python would take for JSON."""
    raise ValueError(f"{name} is not JSON")


def _encoded(answer: object) -> bytes:
    """Return an answer as JSON. A lone surrogate from the request is escaped."""
    try:
        return _encode(answer)
    except UnicodeEncodeError:
        return json.dumps(answer).encode()


class _Endpoint(GraphQL[Context, None]):
    """GraphQL endpoint: one operation in a request; by GET, no mutation."""

    schema: schema.LedgerSchema
    documents: Documents
    websocket_adapter_class = graphql_socket.GraphqlSocket
    graphql_transport_ws_handler_class = graphql_socket.GraphqlHandler
    stream_transport_classes_by_protocol: Mapping[str, type[HTTPStreamTransport]] = {
        GRAPHQL_SSE_PROTOCOL: EventStream
    }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or serve a WebSocket; raise Refused if the body or the token is not acceptable."""
        if scope["type"] == "websocket":
            socket = graphql_socket.JoiningSocket(scope, receive, send)
            with ExitStack() as socket.state.counted:
                await self.run(socket)
            return
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # `HeadResponses` sends the headers alone
        request = Request(scope, receive)
        if graphiql.is_page_request(request):
            await graphiql.page()(scope, receive, send)
            return
        whole = await body.whole(request, body.MAXIMUM_EVENT, "the request")
        began = time.perf_counter()
        try:
            response = await self._answer(request, whole, receive)
        except (HTTPException, StarletteHTTPException) as error:
            response = _refused(request, refused_status(error), getattr(error, "reason", None) or error.args[0])
        metrics.GRAPHQL_SECONDS.observe(time.perf_counter() - began)
        context = scope.get("state", {}).get("context")
        if isinstance(context, Context):
            metrics.GRAPHQL_ROWS.observe(context.budget.spent)
            metrics.GRAPHQL_ANSWERS.labels(context.answered_by).inc()
        await response(scope, receive, send)

    async def _answer(self, request: Request, whole: bytes, receive: Receive) -> Response:
        """Return the response, from the database or strawberry's view. Raise HTTPException for a wrong request."""
        if request.method not in ("GET", "POST"):
            raise HTTPException(405, "GraphQL takes GET, HEAD and POST only")
        check_media_type(request, whole)
        # a sender without a token stores no document, and no JSON is decoded for it
        context = await self._recalled(request) or await self._context(request)
        scope, graphql_request = request.scope, request_of(request, whole)
        if graphql_request is not None:
            try:
                document = self.documents.find(
                    graphql_request.query, graphql_request.document_id, graphql_request.extensions
                )
            except GraphQLError as error:
                await self._context(request)
                return _respond(request, {"errors": [error.formatted]})
            if document != graphql_request.query:
                graphql_request.query = document
                scope, whole = with_document(scope, graphql_request)
        elif self.documents.registered is not None:
            raise HTTPException(400, "the request is malformed; send a documentId and variables as JSON")
        is_streamed = self._is_streamed(request, graphql_request)
        if graphql_request is None or is_streamed:
            accept = EVENT_STREAM if is_streamed else _response_type(request)
            return await self.run(Request(_with_headers(scope, accept), receive_body(whole, receive)))
        if graphql_request.query is not None:
            operation = (graphql_request.query, graphql_request.variables, graphql_request.operation)
            composed = await self._composed(request, context, operation)
            if composed is not None:
                return _respond(request, composed)
        return _respond(request, await self._executed(request, graphql_request))

    async def _executed(self, request: Request, members: GraphqlRequest) -> Mapping[str, object]:
        """Return graphql-core's answer to a request; strawberry's `run` would decode the request again."""
        data = GraphQLRequestData(members.query, members.variables, members.operation, members.extensions)
        adapter, context = self.request_adapter_class(request), await self._context(request)
        result = await self.execute_single(request, adapter, Response(), context, None, data)
        answer: dict[str, object] = await self.process_result(request, result)
        return answer

    async def _composed(self, request: Request, context: Context, operation: _Operation) -> bytes | None:
        """Return the answer that the database composes; None if graphql-core must answer.

        If the viewer was recognised from memory and no snapshot confirms that, the viewer is recognised again.
        """
        recalled, must_execute = context.recalled, False
        with suppress(Unconfirmed):
            composed = await self.schema.answer(context, *operation)
            must_execute = composed is None
            if recalled is None or (composed is not None and recalled.are_confirmed):
                request.state.context = context
                return composed
        fresh = await self._context(request)
        fresh.failures, fresh.answered_by = context.failures, context.answered_by
        return None if must_execute else await self.schema.answer(fresh, *operation)

    def _is_streamed(self, request: Request, graphql_request: GraphqlRequest | None) -> bool:
        """Return True if the answer is a stream of events.

        The client then sends a query and accepts events by name, and it refuses JSON or sends a subscription.
        """
        if graphql_request is None or graphql_request.query is None:
            return False
        if not quality(request, EVENT_STREAM, named=True):
            return False
        if not max(quality(request, GRAPHQL_RESPONSE), quality(request, JSON)):
            return True
        return self.schema.is_subscription(graphql_request.query, graphql_request.operation)

    def decode_json(self, data: str | bytes) -> object:
        """Return the JSON of a request or message; raise JSONDecodeError for any fault."""
        try:
            text = data if isinstance(data, str) else data.decode("utf-8-sig")
            check_arrays(text)
            return json.loads(text, object_pairs_hook=unique, parse_constant=_refuse_constant)
        except JSONDecodeError:
            raise
        except (RecursionError, ValueError, Refused):  # Python refuses a whole number of more than 4,300 digits
            message = "the JSON has too many parts or levels, a repeated key or a wrong number, or is not UTF-8"
            raise JSONDecodeError(message, "", 0) from None

    def encode_json(self, data: object) -> str:
        """Return an answer as JSON text."""
        return _encoded(data).decode()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002 - strawberry's signature
        """Return the context of the resolvers; raise Refused if the viewer is not identified."""
        ledger: Ledger = request.app.state.ledger
        if isinstance(request, WebSocket):
            # the viewer is unknown until `on_ws_connect`, which replaces this None or refuses the connection
            joining = _Joining(ledger.reader, _counted(ledger.writer), None, sign=ledger.log.checkpoint)  # type: ignore[arg-type]
            joining.socket = request
            return joining
        return await self._context(request)

    async def _context(self, request: Request | WebSocket) -> Context:
        """Return the context of a request, the same at every call."""
        context: Context | None = getattr(request.state, "context", None)
        if context is None:
            ledger: Ledger = request.app.state.ledger
            viewer = await viewer_of(request)
            context = Context(ledger.reader, _counted(ledger.writer), viewer, sign=ledger.log.checkpoint)
            request.state.context = context
        return context

    async def _recalled(self, request: Request) -> Context | None:
        """Return a context whose viewer is recognised from memory; None if that is not possible."""
        ledger: Ledger = request.app.state.ledger
        if ledger.reader.at_once is None:
            return None
        viewer_and_states = await recalled_viewer_of(request)
        if viewer_and_states is None:
            return None
        viewer, states = viewer_and_states
        context = Context(ledger.reader, _counted(ledger.writer), viewer, sign=ledger.log.checkpoint)
        context.recalled = states
        return context

    async def on_ws_connect(self, context: Context) -> Any:  # noqa: ANN401 - strawberry's own
        """Identify the viewer of a WebSocket, and count it. Raise ConnectionRejectionError if either fails."""
        if isinstance(context, _Joining):
            state, ledger = context.socket.state, context.socket.app.state.ledger
            try:
                context.viewer = await ledger.identity.viewer_of(_credentials(context), address_of(context.socket))
                state.counted.enter_context(ledger.sockets.counted(counted_as(context.viewer)))
                state.joined = True
            except (Refused, UnicodeEncodeError):
                state.refusal = (graphql_socket.FORBIDDEN, "no token, or one that is unknown, expired or revoked")
            except Busy as error:
                state.refusal = (graphql_socket.TOO_MANY, str(error))
            except Unavailable:
                state.refusal = (graphql_socket.TRY_AGAIN, "the service cannot answer now; connect again later")
            if hasattr(state, "refusal"):
                raise ConnectionRejectionError
        return await super().on_ws_connect(context)

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Return the response that strawberry fills in."""
        return _PendingResponse(cast(Request, request))

    async def process_result(self, request: Request, result: ExecutionResult) -> Any:  # noqa: ANN401 - strawberry's own
        """Return the answer to an operation, without `data` if nothing was executed."""
        answer = dict(await super().process_result(request, result))
        if isinstance(result, PreExecutionError):
            answer.pop("data", None)
        return answer

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """Return a response that streams server-sent events until the operation or the server ends."""
        feeds, viewer = request.app.state.ledger.feeds, await viewer_of(request)
        feeds.check(counted_as(viewer))

        async def counted() -> AsyncIterator[str]:
            with feeds.counted(counted_as(viewer)):
                async for piece in until(feeds.closing, stream()):
                    yield piece

        return await super().create_streaming_response(request, counted, sub_response, headers)

    def create_response(self, response_data: Any, sub_response: Response) -> Response:  # noqa: ANN401 - strawberry's own
        """Return the response in the media type that the client prefers, with the status for that type."""
        return _respond(cast(_PendingResponse, sub_response).request, response_data)


def _credentials(context: _Joining) -> Headers:
    """Return the headers that identify the viewer of a WebSocket, from its handshake or else its first message."""
    if "authorization" in context.socket.headers:
        return context.socket.headers
    params = {name.lower(): value for name, value in (context.connection_params or {}).items()}
    authorization = params.get("authorization")
    return Headers({"authorization": authorization} if isinstance(authorization, str) else {})


def _with_headers(scope: Scope, accept: str) -> Scope:
    """Return the scope with the negotiated media types in the spelling that strawberry compares with."""
    negotiated = {b"accept": accept.encode(), b"content-type": JSON.encode()}
    others = [(name, value) for name, value in scope["headers"] if name not in negotiated]
    return {**scope, "headers": [*others, *negotiated.items()]}


def _counted(writer: Writer) -> Append:
    """Return a function that appends through the writer and counts refusals."""

    async def append(notice: str, item: SubmittedFact, credential: Credential, expected: int | None) -> Receipt:
        try:
            return await writer.append(notice, item, credential, expected)
        except (Refused, Busy, Unavailable) as error:
            metrics.count_refusal(error)
            raise

    return append


def _response_type(request: Request) -> str:
    """Return the JSON media type that the client prefers."""
    is_preferred = quality(request, GRAPHQL_RESPONSE, named=True) >= max(quality(request, JSON), 0.001)
    return GRAPHQL_RESPONSE if is_preferred else JSON


def _respond(request: Request, answer: Mapping[str, object] | bytes, status: int | None = None) -> Response:
    media_type = _response_type(request)
    if status is None:
        is_refused = isinstance(answer, Mapping) and "data" not in answer
        status = 400 if media_type == GRAPHQL_RESPONSE and is_refused else 200
    content = answer if isinstance(answer, bytes) else _encoded(answer)
    context = getattr(request.state, "context", None)
    is_fixed = request.method == "GET" and isinstance(context, Context) and context.is_fixed
    headers = _revalidated(content) if is_fixed else {"Cache-Control": "private, no-store"}
    if is_fixed and _is_current(request, headers["ETag"]):
        return Response(b"", 304, headers)
    return Response(content, status, headers, f"{media_type}; charset=utf-8")


def _revalidated(content: bytes) -> dict[str, str]:
    """Return the headers of an answer that was read with as-of points only.

    A client may store the answer but must revalidate it before each use. A narrative may have been erased since,
    or the reader may have lost their rights. The tag is weak, because compression changes the bytes.
    """
    return {
        "Cache-Control": "private, no-cache",
        "ETag": f'W/"{sha256(content).hexdigest()[:32]}"',
        "Vary": "Accept, Accept-Encoding, Authorization",
    }


def _is_current(request: Request, tag: str) -> bool:
    """Return True if the client has the answer with that tag (`If-None-Match`)."""
    tags = ",".join(request.headers.getlist("if-none-match")).split(",")
    return tag.removeprefix("W/") in (each.strip().removeprefix("W/") for each in tags)


def _refused(request: Request, status: int, reason: str) -> Response:
    """Return the response that refuses a request, with a status and the reason."""
    if status == 404:  # strawberry answers a GET without a query with 404
        status, reason = 400, "the request has no query; send it as ?query=, or in the JSON of a POST"
    response = _respond(request, {"errors": [{"message": reason, "extensions": {"code": BAD_REQUEST}}]}, status)
    if status == 405:
        response.headers["Allow"] = "GET, HEAD, POST"
    return response


def endpoint(*, introspection: bool, documents: Documents, origins: Sequence[str]) -> GraphQL[Context, None]:
    """Return the ASGI application of `/graphql`.

    Args:
        introspection: True to offer introspection.
        documents: Documents that clients may name by an id.
        origins: Other origins whose pages may open a WebSocket.
    """
    app = _Endpoint(
        schema.build(introspection=introspection),
        graphql_ide=None,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        connection_init_wait_timeout=timedelta(seconds=10),
        max_subscriptions_per_connection=OPERATIONS_AT_ONCE,
        allowed_origins=origins,
    )
    app.documents = documents
    return app
