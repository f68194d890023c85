// Runs buf, a program of an npm package.
import { spawnSync } from "node:child_process";
import { isAbsolute, relative } from "node:path";
import { bufProgram, root } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";

/**
 * Runs buf in the root of the repository and returns its standard output. Throws with the whole output of buf. Paths
 * become relative, because some flags of buf require it and people read them more easily.
 */
export function buf(...args) {
  const relativeArgs = args.map((arg) => (isAbsolute(arg) ? fromRoot(arg) : arg));
  const run = spawnSync(process.execPath, [bufProgram, ...relativeArgs], { cwd: root, maxBuffer: 1 << 30 });
  if (run.error)
    throw new GenerationFailed(`buf could not be started: ${run.error.message}. Run npm ci and try again.`);
  if (run.status !== 0) {
    const output = `${run.stdout.toString()}${run.stderr.toString()}`.trim();
    throw new GenerationFailed(
      output === "" ? `buf ${args[0]} ended with ${run.status ?? run.signal}` : output,
    );
  }
  return run.stdout;
}

export function fromRoot(path) {
  return relative(root, path) || ".";
}
