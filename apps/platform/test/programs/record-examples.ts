/** `npm run examples:record [-- NAME …]`: plays the examples and records their results and histories. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { goldenOfEvents } from "@tutti/kernel/testing";
import { ExampleStage, examplesFolder, machineFor } from "../installation/examples.ts";

const release = "0.1.0";
const selected = process.argv.slice(2);
const biome = fileURLToPath(new URL("../../../../node_modules/@biomejs/biome/bin/biome", import.meta.url));
await using stage = await ExampleStage.open();
const unknown = selected.filter((each) => !stage.examples.some(({ name }) => name === each));
if (unknown.length > 0) {
  console.error(
    `expected names of ${stage.examples.map(({ name }) => name).join(", ")}, got ${unknown.join(", ")}`,
  );
  process.exit(2);
}
for (const { name } of stage.examples.filter(
  (each) => selected.length === 0 || selected.includes(each.name),
)) {
  const folder = new URL(`${name}/`, examplesFolder);
  const write = (path: string, value: unknown) =>
    writeFileSync(new URL(path, folder), `${JSON.stringify(value, undefined, 2)}\n`);
  write("outcome.json", await stage.play(name));
  rmSync(new URL("history/", folder), { recursive: true, force: true });
  mkdirSync(new URL("history/", folder));
  for (const id of stage.runsOf(name)) {
    const events = await stage.history(id);
    const key = { namespace: "default", kind: "run", id };
    write(`history/${id}.json`, goldenOfEvents(machineFor(name, events), key, release, events));
  }
  execFileSync(process.execPath, [biome, "check", "--write", fileURLToPath(folder)], { stdio: "ignore" });
  console.log(`${name}: written`);
}
