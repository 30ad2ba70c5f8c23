"""Build the GraphQL schema, which takes a second, before the workers are forked.

The process that imports this module opens no connection, starts no thread and runs no event loop. Imports
`schema`.
"""

import logging
import sys
from types import TracebackType

import schema
from api.http import request_log
from api.settings import Settings


def _log_end(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    """Log the reason for the end of this process, which forks the workers, in one line."""
    logging.getLogger(__name__).error(
        "the process that forks the workers ends: %s", getattr(error, "strerror", None) or kind.__name__
    )


_settings = Settings.from_environment()
request_log.configure(_settings.log)
sys.excepthook = _log_end
schema.build(introspection=_settings.introspection)
