"""GraphQL types, in modules by subject."""
