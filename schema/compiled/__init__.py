"""Queries that the database answers: the selection below a notice or an object becomes one statement.

graphql-core completes any other answer, for example one with errors, from such statements. Imports graphql-core,
strawberry, `projections` and `ledger`.
"""

from schema.compiled.compiler import Compiler
from schema.compiled.fallback import NotCompiled

__all__ = ["Compiler", "NotCompiled"]
