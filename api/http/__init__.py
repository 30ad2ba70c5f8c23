"""HTTP routes other than pages: GraphQL, intake, evidence, feeds, proofs, reports and operations."""
