// Follows a notice's entries and sends a query with graphql-sse.
import { createClient } from "graphql-sse";

const [url, token, notice] = process.argv.slice(2);
const client = createClient({ url, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
const positions = [];
const subscription = "subscription($notice: ID!) { entries(notice: $notice, after: 0) { position } }";
for await (const { data, errors } of client.iterate({ query: subscription, variables: { notice } })) {
  if (errors) throw new Error(JSON.stringify(errors));
  positions.push(data.entries.position);
  if (positions.length === 3) break;
}
const answers = [];
for await (const answer of client.iterate({ query: "{ me { actor } }" })) answers.push(answer.data);
console.log(JSON.stringify({ positions, answers }));
client.dispose();
process.exit(0);
