"""Query the schema in this process, for output in other forms than GraphQL.

The schema checks the viewer's rights, as it does for a GraphQL request over HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

import schema
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refusal, Refused
from ledger.domain.roles import Role
from schema.context import Context
from schema.errors import FORBIDDEN


class Operator(Struct, frozen=True):
    """Viewer with the rights of an operator in every notice."""

    credential: Credential

    async def roles(self, _notice: str) -> Sequence[Role]:
        """Return the operator's role, which applies in every notice."""
        return [Role.OPERATOR]

    async def allowed(self) -> Sequence[str]:
        """Return an empty list, because an operator always names the notice to read."""
        return []

    async def is_live(self) -> bool:
        """Return True, because an operator has no token that could expire."""
        return True


class Forbidden(Refused):
    """Refusal because the viewer's roles may not read the requested data."""


async def ask(context: Context, document: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the data that answers a GraphQL document.

    Raises:
        Forbidden: The viewer's roles may not read the data.
        Refused: The answer has errors for other reasons.
    """
    result = await schema.build().ask(context, document, variables)
    if result.errors:
        refusals = [Refusal(str((error.extensions or {}).get("code")), error.message) for error in result.errors]
        raise (Forbidden if {refusal.code for refusal in refusals} == {FORBIDDEN} else Refused)(refusals)
    return result.data or {}
