// Sends a subscription over HTTP with Apollo's link, which is for queries, and prints the error that it shows.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const [uri, token, notice] = process.argv.slice(2);
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: new HttpLink({ uri, headers: { authorization: `Bearer ${token}` } }),
});
const query = gql`subscription Entries($notice: ID!) { entries(notice: $notice) { position } }`;
client.subscribe({ query, variables: { notice } }).subscribe({
  next: ({ error }) => {
    console.log(JSON.stringify({ message: error.message }));
    client.stop();
  },
});
