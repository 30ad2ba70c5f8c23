// Reads a notice now and at an earlier position with urql and its normalised cache, then both from the cache.
import { Client, fetchExchange, gql } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";

const [url, token, id, position] = process.argv.slice(2);
const client = new Client({
  url,
  exchanges: [cacheExchange({}), fetchExchange],
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
});
const query = gql`query Notice($id: ID!, $asOf: AsOfInput) { notice(id: $id, asOf: $asOf) {
  id plan { objectives { nodes { id progressCount } } }
  entries(filter: { type: "ProgressRecorded" }) { nodes { id eventId source } } } }`;
const all = [{ id }, { id, asOf: { position: Number(position) } }];
for (const variables of all) {
  const { error } = await client.query(query, variables).toPromise();
  if (error) throw error;
}
const cached = [];
for (const variables of all) {
  const { data } = await client.query(query, variables, { requestPolicy: "cache-only" }).toPromise();
  cached.push(data.notice);
}
console.log(JSON.stringify(cached));
