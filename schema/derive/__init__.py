"""GraphQL types, inputs and resolvers derived from the declarations of views and facts."""
