/**
 * Plays an example on a platform that runs (`npm start`), with its workers in this process, and prints what came of it and
 * what happened: `npm run -s example -- order`. Without a name: which there are.
 */
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { exampleNamed, exampleNames, startCrew } from "./examples.ts";

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
const crew = await startCrew(example, tutti, (options) => new Worker({ namespace, ...options }));
console.log(JSON.stringify(await example.play(tutti), undefined, 2));
for (const id of example.runs) {
  console.log(`\n${id} in namespace ${namespace}`);
  for await (const { event, time, type, task, details } of tutti.get(id).events()) {
    const about = [type, task, short(JSON.stringify(details))].filter((part) => part !== "").join(" ");
    console.log(`  ${String(event).padStart(3)} ${time.toISOString().slice(11, 23)} ${about}`);
  }
}
for (const each of [worker, ...crew]) await each.stop();

function short(text: string): string {
  return text.length > 90 ? `${text.slice(0, 89)}…` : text;
}
