"""Queries that the database answers: a selection becomes one statement for each notice read.

Anything that the compiler does not support is resolved field by field, with the same answer. Imports graphql-core,
and from `projections` the answer trees and their translation to SQL.
"""

from schema.compiled.compiler import Compiler
from schema.compiled.fallback import NotCompiled

__all__ = ["Compiler", "NotCompiled"]
