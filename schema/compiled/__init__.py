"""Reads that the database answers by itself: an operation's selections become one statement for each notice read.

What the compiler does not take is answered field by field, as ever; the answer is the same. Imports graphql-core,
and of `projections` the trees of answers and what makes SQL of them.
"""

from schema.compiled.compiler import Compiler
from schema.compiled.fallback import NotCompiled

__all__ = ["Compiler", "NotCompiled"]
