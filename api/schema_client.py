"""Questions asked of the schema in this process, for whoever shows answers in another form than GraphQL's.

There is no second read path: what is not in the schema can't be shown. Imports `schema`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

import schema
from ledger.domain.areas.people import Credential
from ledger.domain.errors import Refusal, Refused
from ledger.domain.roles import Role
from schema.context import Context
from schema.errors import FORBIDDEN


class Operator(Struct, frozen=True):
    """The viewer that whoever runs the command line beside the database is."""

    credential: Credential

    async def roles(self, _notice: str) -> Sequence[Role]:
        """The operator's, in any notice."""
        return [Role.OPERATOR]

    async def allowed(self) -> Sequence[str]:
        """None are listed; a notice is named."""
        return []


class Forbidden(Refused):
    """The viewer's roles do not read what was asked for."""


async def ask(context: Context, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data that answers a document; raises Forbidden, and Refused with every other reason."""
    result = await schema.build().ask(context, document, variables)
    if result.errors:
        found = [Refusal(str((error.extensions or {}).get("code")), error.message) for error in result.errors]
        raise (Forbidden if {each.code for each in found} == {FORBIDDEN} else Refused)(found)
    return result.data or {}
