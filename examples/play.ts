/**
 * Plays an example on a platform that runs (`npm start`), with a worker in this process, and prints what came of it and
 * what happened: `npm run -s example -- order`. Without a name: which there are.
 */
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { exampleNamed, exampleNames } from "./examples.ts";

const [name = ""] = process.argv.slice(2);
if (!exampleNames().includes(name)) {
  console.log(`expected one of ${exampleNames().join(", ")}${name === "" ? "" : `; found ${name}`}`);
  process.exit(name === "" ? 0 : 1);
}
const example = await exampleNamed(name);
// One of its own each time: its runs have ids that they had before.
const namespace = `example-${Date.now().toString(36)}`;
const worker = new Worker({ namespace });
example.handle(worker);
await worker.start();
await using tutti = await connect({ namespace });
console.log(JSON.stringify(await example.play(tutti), undefined, 2));
for (const id of example.runs) {
  console.log(`\n${id} in namespace ${namespace}`);
  for await (const { event, time, type, json } of tutti.run(id).history()) {
    const at = new Date((time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6).toISOString();
    console.log(`  ${String(event).padStart(3)} ${at.slice(11, 23)} ${type} ${short(readable(json))}`);
  }
}
await worker.stop();

/** Inputs and outputs are bytes in events; those that are JSON are shown as such. */
function readable(json: string): string {
  const asJson = (bytes: string): unknown => {
    try {
      return JSON.parse(Buffer.from(bytes, "base64").toString());
    } catch {
      return bytes;
    }
  };
  const data = new Set(["input", "output", "list", "parameters", "context", "data", "report"]);
  return JSON.stringify(
    JSON.parse(json, (key, value) => (data.has(key) && typeof value === "string" ? asJson(value) : value)),
  );
}

function short(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
