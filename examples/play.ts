/**
 * Runs an example on a running platform (`npm start`), with its workers in this process, and prints the outcome and the
 * events of its runs: `npm run -s example -- order`. Names of agents, missions and sessions start with their kind:
 * `npm run -s example -- agents/tool-loop`. Without a name, it lists the examples.
 */
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { exampleNamed, exampleNames, startCrew } from "./examples.ts";
import { type PlayKind, perform, playNamed, playNames } from "./plays.ts";

const kinds: readonly PlayKind[] = ["agents", "missions", "sessions"];
const plays = kinds.flatMap((kind) => playNames(kind).map((play) => `${kind}/${play}`));
const [name = ""] = process.argv.slice(2);
if (![...exampleNames(), ...plays].includes(name)) {
  const all = [...exampleNames(), ...plays].join(", ");
  console.log(`expected one of ${all}${name === "" ? "" : `, got ${name}`}`);
  process.exit(name === "" ? 0 : 1);
}
// A new namespace for each execution, because the ids of the runs are fixed.
const namespace = `example-${Date.now().toString(36)}`;
const worker = new Worker({ namespace });
await using tutti = await connect({ namespace });
if (plays.includes(name)) {
  const [kind, play] = name.split("/") as [PlayKind, string];
  const url = process.env["TUTTI_URL"] ?? "http://127.0.0.1:7400";
  const outcome = await perform(await playNamed(kind, play), { worker, tutti, url });
  console.log(JSON.stringify(outcome, undefined, 2));
  console.log(`\n${url}/?namespace=${namespace} shows what happened`);
} else {
  const example = await exampleNamed(name);
  example.handle(worker);
  if (example.hasHandlers) await worker.start();
  const crew = await startCrew(example, tutti, (options) => new Worker({ namespace, ...options }));
  console.log(JSON.stringify(await example.play(tutti), undefined, 2));
  for (const id of example.runs) {
    console.log(`\n${id} in namespace ${namespace}`);
    for await (const { event, time, type, task, details } of tutti.runs.get(id).events()) {
      const about = [type, task, short(JSON.stringify(details))].filter((part) => part !== "").join(" ");
      console.log(`  ${String(event).padStart(3)} ${time.toISOString().slice(11, 23)} ${about}`);
    }
  }
  for (const each of [worker, ...crew]) await each.stop();
}

function short(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
