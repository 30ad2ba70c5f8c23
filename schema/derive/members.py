"""Fields without a resolver: the compiler reads their arguments, and the database writes their values."""

from collections.abc import Mapping
from typing import Any

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument


def unresolved(description: str, arguments: Mapping[str, tuple[Any, Any]]) -> Any:  # noqa: ANN401 - strawberry's own
    """Return a field without a resolver.

    Args:
        description: Description of the field.
        arguments: Type and default of each argument, by name; `strawberry.UNSET` if the argument is required.
    """
    declared = strawberry.field(description=description)
    declared.arguments = [
        StrawberryArgument(name, None, StrawberryAnnotation(hint), default=default)
        for name, (hint, default) in arguments.items()
    ]
    return declared
