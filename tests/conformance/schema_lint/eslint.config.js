// The recommended rules and the Relay rules of graphql-eslint for the committed schema; each exception has its reason.
import graphql from "@graphql-eslint/eslint-plugin";

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "./schema.graphql" } } },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // `Action.action` is the id that the ledger itself uses; `Action.id` is the global one.
      "@graphql-eslint/no-typename-prefix": "off",
      // A row without an id of its own is a value: a client keeps it within the object that contains it.
      "@graphql-eslint/strict-id-in-types": "off",
      // Every definition is described, apart from the one directive: @oneOf is the specification's.
      "@graphql-eslint/require-description": [
        "error",
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      // A short list that always comes whole, such as the clauses of a notice, is a plain list.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Both directions are offered only where rows are counted from their end.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
    },
  },
];
