// @ts-check

// `tutti dev` of the installed package: runs the platform in the current folder. Its bundle is start.mjs next to the
// platform. With the word `cluster`, `demo-agents` or `template` it runs that program instead.

import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runToItsEnd, startProgram } from "../child.mjs";
import { PortsTaken, withPorts } from "../ports.mjs";
import { allocator } from "../setup.mjs";
import { NodeTooOld, platformNode } from "./node.mjs";

const here = dirname(fileURLToPath(import.meta.url));

/** @type {Record<string, string>} programs next to the platform, by the word that starts them */
const programs = {
  cluster: "cluster.mjs",
  "demo-agents": "demo-agents.mjs",
  template: "examples/template.mjs",
};

try {
  const [first, ...others] = process.argv.slice(2);
  const other = first === undefined ? undefined : programs[first];
  const words =
    other === undefined ? await withPorts(process.argv.slice(2), process.env, "npx tutti dev") : others;
  const program = other ?? "main.mjs";
  const leash = pathToFileURL(join(here, "leash.mjs")).href;
  const preset = JSON.stringify({ ...(process.stdout.isTTY === true && { "log.level": "warn" }) });
  const args = ["--import", leash, join(here, program), ...words];
  // Compiled once, not at every start. Node ignores a folder that it cannot write.
  const compiled = { NODE_COMPILE_CACHE: join(here, ".compiled") };
  const env = { ...allocator, ...compiled, ...process.env, TUTTI_PRESET: preset };
  const started = startProgram(platformNode(), args, env);
  process.exitCode = await runToItsEnd(started, false);
} catch (error) {
  if (!(error instanceof PortsTaken || error instanceof NodeTooOld)) throw error;
  process.stderr.write(`✗ ${error.message}\n`);
  // As the platform itself for settings with which it cannot start.
  process.exitCode = error instanceof PortsTaken ? 2 : 1;
}
