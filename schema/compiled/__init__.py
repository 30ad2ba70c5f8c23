"""Queries that the database answers: a selection becomes one statement for each notice read.

An answer with errors is completed by graphql-core, from the same statements. Imports graphql-core, and from
`projections` the answer trees and their translation to SQL.
"""

from schema.compiled.compiler import Compiler
from schema.compiled.fallback import NotCompiled

__all__ = ["Compiler", "NotCompiled"]
