// Reads a notice now and at an earlier position into one Relay store, and refetches an objective by its global id.
import { Environment, Network, RecordSource, Store, createOperationDescriptor, fetchQuery } from "relay-runtime";
import PlanQuery from "./src/__generated__/PlanQuery.graphql.js";
import PlanRefetchQuery from "./src/__generated__/PlanRefetchQuery.graphql.js";

const [url, token, id, position] = process.argv.slice(2);
const network = Network.create(async ({ text: query }, variables) => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  return response.json();
});
const environment = new Environment({ network, store: new Store(new RecordSource()) });
const all = [{ id }, { id, asOf: { position: Number(position) } }];
const objectives = [];
const kept = all.map((variables) => environment.retain(createOperationDescriptor(PlanQuery, variables)));
for (const variables of all) await fetchQuery(environment, PlanQuery, variables).toPromise();
for (const variables of all) {
  const { data } = environment.lookup(createOperationDescriptor(PlanQuery, variables).fragment);
  objectives.push(data.notice.plan.objectives.nodes.map(({ id, progressCount }) => ({ id, progressCount })));
}
const refetched = [];
for (const [objective] of objectives) {
  const operation = createOperationDescriptor(PlanRefetchQuery, { id: objective.id });
  kept.push(environment.retain(operation));
  await fetchQuery(environment, PlanRefetchQuery, { id: objective.id }).toPromise();
  const record = environment.getStore().getSource().get(objective.id);
  refetched.push({ id: record.id, progressCount: record.progressCount });
}
console.log(JSON.stringify({ objectives, refetched }));
