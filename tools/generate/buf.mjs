// Runs buf, as a program that npm carries.
import { spawnSync } from "node:child_process";
import { relative } from "node:path";
import { bufProgram, root } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";

/** Runs buf in the repository's root and gives its standard output; fails with what buf said, whole. */
export function buf(...args) {
  const run = spawnSync(process.execPath, [bufProgram, ...args], { cwd: root, maxBuffer: 1 << 30 });
  if (run.error)
    throw new GenerationFailed(`buf could not be started: ${run.error.message}. Run npm ci and try again.`);
  if (run.status !== 0) {
    const said = `${run.stdout.toString()}${run.stderr.toString()}`.trim();
    throw new GenerationFailed(said === "" ? `buf ${args[0]} ended with ${run.status ?? run.signal}` : said);
  }
  return run.stdout;
}

export function fromRoot(path) {
  return relative(root, path) || ".";
}
