// Generates TypeScript from the running server's schema and one operation.
import { generate } from "@graphql-codegen/cli";

const [url, token] = process.argv.slice(2);
const [file] = await generate(
  {
    silent: true,
    schema: [{ [url]: { headers: { authorization: `Bearer ${token}` } } }],
    documents: "query Rating($id: ID!) { notice(id: $id) { plan { objectives { nodes { title activityRating } } } } }",
    generates: { "types.ts": { plugins: ["typescript", "typescript-operations"] } },
  },
  false,
);
console.log(file.content);
