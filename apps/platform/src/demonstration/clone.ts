import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Where the parts of the demonstration are. It is there in a clone only: a bundle has none of it. */
export interface Clone {
  /** The module that starts the workflows and sessions of the demonstration. */
  readonly begin: string;
  /** Races in every mode, once, and ends. */
  readonly race: string;
  readonly workerInTypeScript: string;
  readonly workerInPython: string;
  /** Ends a program of Node when its parent is gone. */
  readonly leashForNode: string;
  /** The same for Python. It runs the program, or says why this Python cannot. */
  readonly leashForPython: string;
  readonly pythonPackage: string;
  /** Where Python keeps what it compiled. */
  readonly cache: string;
}

/** Returns the nearest folder above that is a clone. */
export function findClone(from: string = dirname(fileURLToPath(import.meta.url))): Clone | undefined {
  const demonstration = join(from, "examples", "demonstration");
  if (existsSync(join(demonstration, "begin.ts")))
    return {
      begin: pathToFileURL(join(demonstration, "begin.ts")).href,
      race: join(demonstration, "race", "race.ts"),
      workerInTypeScript: join(demonstration, "worker.ts"),
      workerInPython: join(demonstration, "worker.py"),
      leashForNode: pathToFileURL(join(from, "tools", "leash.mjs")).href,
      leashForPython: join(from, "tools", "leash.py"),
      pythonPackage: join(from, "sdk", "python", "src"),
      cache: join(from, "node_modules", ".cache", "python"),
    };
  const above = dirname(from);
  return above === from ? undefined : findClone(above);
}
