// Sends a query by its hash with Apollo's link for automatic persisted queries, and prints the requests and answers.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const [uri, token, useGETForHashedQueries] = process.argv.slice(2);
const requests = [];
const http = new HttpLink({
  uri,
  headers: { authorization: `Bearer ${token}` },
  fetch: async (url, options) => {
    const response = await fetch(url, options);
    const hasQuery = options.method === "GET" ? new URL(url).searchParams.has("query") : "query" in JSON.parse(options.body);
    requests.push({ method: options.method, hasQuery, status: response.status });
    return response;
  },
});
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const link = new PersistedQueryLink({ sha256, useGETForHashedQueries: useGETForHashedQueries === "true" });
const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([link, http]) });
const query = useGETForHashedQueries === "true" ? gql`query ByGet { me { actor } }` : gql`query ByPost { me { actor } }`;
const answers = [];
for (let time = 0; time < 2; time++) {
  const { data } = await client.query({ query, fetchPolicy: "no-cache" });
  answers.push(data.me.actor);
}
console.log(JSON.stringify({ requests, answers }));
client.stop();
