"""Build the GraphQL schema, which takes a second, before the workers are forked.

The process that imports this module opens no connection, starts no thread and runs no event loop. Imports
strawberry.
"""

import schema
from api.settings import Settings

schema.build(introspection=Settings.from_environment().introspection)
