"""Find the document that a GraphQL request names by an id: automatic persisted queries, and registered documents.

A client that names an unknown document then sends it in full, as Apollo's protocol has it. Each process
stores such documents up to a size. If the operator registers documents, the endpoint executes no others. Imports
cachetools and `schema`.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cachetools import LRUCache

from schema.errors import BAD_REQUEST, problem
from schema.limits import too_long

NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
NOT_REGISTERED = "DOCUMENT_NOT_REGISTERED"
STORED_CHARACTERS = 4_000_000
"""Maximum characters of the documents that clients store in a process, which drops the least recently used."""
PLACE_CHARACTERS = 400
"""Number of characters counted for each stored document in addition to its text, for its id and other memory."""
_NOT_FOUND_MESSAGE = "PersistedQueryNotFound"
"""Message by which Apollo's clients recognise the error about an unknown document."""
_PREFIX = "sha256:"


class Documents:
    """GraphQL documents by their ids."""

    def __init__(self, registered: Mapping[str, str] | None = None) -> None:
        self.registered = registered
        """Documents that the operator registered, by id; None if clients may send any document."""
        self._texts = frozenset((registered or {}).values())
        self._stored: LRUCache[str, str] = LRUCache(STORED_CHARACTERS, _weight)

    def find(self, query: str | None, document_id: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """Return the document of a request; None if the request has neither a document nor an id.

        Raises:
            GraphQLError: The id is unknown, malformed or belongs to another document, or the document is not
                registered.
        """
        name = _name(document_id, extensions)
        if self.registered is not None:
            return self._registered_document(query, name)
        if name is None:
            return query
        if query is None:
            stored = self._stored.get(name)
            if stored is None:
                raise problem(NOT_FOUND, _NOT_FOUND_MESSAGE)
            return stored
        if sha256(query.encode(errors="surrogatepass")).hexdigest() != name:
            raise problem(BAD_REQUEST, "the id is not the SHA-256 of the query; send the hash of these characters")
        if too_long(query) is None:
            self._stored[name] = query
        return query

    def _registered_document(self, query: str | None, name: str | None) -> str:
        document = query if name is None else (self.registered or {}).get(name)
        if document is None or document not in self._texts:
            raise problem(NOT_REGISTERED, "this service answers registered documents only; send the id of one")
        if query is not None and query != document:
            raise problem(BAD_REQUEST, "the id belongs to another document; send the id alone")
        return document


def _weight(document: str) -> int:
    return PLACE_CHARACTERS + len(document)


def _name(document_id: str | None, extensions: Mapping[str, Any] | None) -> str | None:
    """Return the id by which a request names its document, or None if the request has no such id.

    Raises:
        GraphQLError: The extension of a persisted query is malformed.
    """
    persisted = (extensions or {}).get("persistedQuery")
    if persisted is None:
        return None if document_id is None else document_id.removeprefix(_PREFIX)
    name = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(name, str) or persisted.get("version") != 1:
        raise problem(BAD_REQUEST, "extensions.persistedQuery has version 1 and a sha256Hash; correct it")
    return name
