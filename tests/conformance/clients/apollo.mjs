// Reads a notice now and at an earlier position with Apollo Client's default settings, then both from its cache.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const [uri, token, id, position] = process.argv.slice(2);
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } }),
});
const query = gql`query Notice($id: ID!, $asOf: AsOfInput) { notice(id: $id, asOf: $asOf) {
  id plan { objectives { nodes { id progressCount } } }
  entries(filter: { type: "ProgressRecorded" }) { nodes { id eventId source } } } }`;
const all = [{ id }, { id, asOf: { position: Number(position) } }];
for (const variables of all) await client.query({ query, variables });
console.log(JSON.stringify(all.map((variables) => client.readQuery({ query, variables }).notice)));
client.stop();
