// Sends each event of standard input (NDJSON) by the SDK, in structured and in binary mode, then all as a batch.
// Prints an answer a line: {"mode", "status", "body"}.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { CloudEvent, HTTP } = createRequire(import.meta.url)("cloudevents");
const [address, token] = process.argv.slice(2);
const given = (await text(process.stdin)).split("\n").filter((line) => line).map((line) => JSON.parse(line));

async function send(mode, { headers, body }) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${token}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  console.log(JSON.stringify({ mode, status: answer.status, body: await answer.json() }));
}

for (const mode of ["structured", "binary"]) {
  for (const event of given) {
    await send(mode, HTTP[mode](new CloudEvent({ ...event, id: `${mode}-${event.id}` })));
  }
}
const batch = given.map((event) => new CloudEvent({ ...event, id: `batch-${event.id}` }).toJSON());
await send("batch", {
  headers: { "content-type": "application/cloudevents-batch+json" },
  body: JSON.stringify(batch),
});
