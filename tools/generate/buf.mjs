// Runs buf, as a program that npm carries.
import { spawnSync } from "node:child_process";
import { isAbsolute, relative } from "node:path";
import { bufProgram, root } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";

/**
 * Runs buf in the repository's root and gives its standard output. Fails with what buf said, whole. Paths are made
 * relative, as some of buf's flags want them and as people want to read them.
 */
export function buf(...args) {
  const relativeArgs = args.map((arg) => (isAbsolute(arg) ? fromRoot(arg) : arg));
  const run = spawnSync(process.execPath, [bufProgram, ...relativeArgs], { cwd: root, maxBuffer: 1 << 30 });
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
