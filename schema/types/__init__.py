"""GraphQL types, one module per view."""
