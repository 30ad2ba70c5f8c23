"""The GraphQL schema, which takes a second to build: the workers are forked after the import of this module.

The process that imports it opens no connection, starts no thread and runs no event loop. Imports strawberry.
"""

import schema
from api.settings import Settings

schema.build(introspection=Settings.from_environment().introspection)
