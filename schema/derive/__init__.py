"""GraphQL types, filters, orders and inputs derived from the declarations of views and facts."""
