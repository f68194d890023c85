/** The examples, found by their folders: `workflow.yaml`, `worker.ts` that handles its tasks, and `play.ts` that starts runs. */
import { readdirSync } from "node:fs";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

export interface Example {
  readonly name: string;
  readonly handle: (worker: Worker) => void;
  /** Ids of the runs whose histories are kept. */
  readonly runs: readonly string[];
  /** Registers the definition, starts runs, gives what came of them. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

const folder = new URL("workflows/", import.meta.url);

export function exampleNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export async function exampleNamed(name: string): Promise<Example> {
  const [{ handle }, { play, runs }] = await Promise.all([
    import(new URL(`${name}/worker.ts`, folder).href),
    import(new URL(`${name}/play.ts`, folder).href),
  ]);
  return { name, handle, runs, play };
}
