import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Paths of the parts of the demonstration. They exist only in a clone, not in a bundle. */
export interface Clone {
  /** The module that starts the workflows and sessions of the demonstration. */
  readonly startModule: string;
  /** The program that races once in every mode, and ends. */
  readonly race: string;
  readonly workerInTypeScript: string;
  readonly workerInPython: string;
  /** Ends a Node program when its parent exits. */
  readonly leashForNode: string;
  /** The same for Python. It runs the program, or explains why this Python cannot. */
  readonly leashForPython: string;
  readonly pythonPackage: string;
  /** Cache folder for compiled Python files. */
  readonly cache: string;
}

/** Returns the nearest folder above that is a clone. */
export function findClone(from: string = dirname(fileURLToPath(import.meta.url))): Clone | undefined {
  const demonstration = join(from, "examples", "demonstration");
  if (existsSync(join(demonstration, "start.ts")))
    return {
      startModule: pathToFileURL(join(demonstration, "start.ts")).href,
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
