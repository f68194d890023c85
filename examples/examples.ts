/** The examples, one folder each: `workflow.yaml`, `worker.ts` with the handlers (`handle`, or a `crew`), and `play.ts`, which starts runs. */
import { readdirSync } from "node:fs";
import type { Worker, WorkerOptions } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

/** A worker with options of its own: pool, labels or resources. */
export interface Member {
  readonly options: WorkerOptions;
  readonly handle: (worker: Worker) => void;
}

export interface Example {
  readonly name: string;
  /** Registers the handlers that need no special worker. */
  readonly handle: (worker: Worker) => void;
  /** Whether `handle` registers handlers. A worker without handlers does not start. */
  readonly hasHandlers: boolean;
  readonly crew: readonly Member[];
  /** Ids of the runs with a recorded history. */
  readonly runs: readonly string[];
  /** Registers the definition, starts runs, and returns their results. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

/** Creates the pools of an example's crew and starts its workers. */
export async function startCrew(
  { crew }: Example,
  tutti: Tutti,
  open: (options: Example["crew"][number]["options"]) => Worker,
): Promise<readonly Worker[]> {
  const workers: Worker[] = [];
  for (const member of crew) {
    if (member.options.pool !== undefined) await tutti.pools.create(member.options.pool);
    const worker = open(member.options);
    member.handle(worker);
    await worker.start();
    workers.push(worker);
  }
  return workers;
}

const folder = new URL("workflows/", import.meta.url);
/** The package has compiled examples. */
const language = import.meta.url.endsWith(".mjs") ? "mjs" : "ts";

export function exampleNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export async function exampleNamed(name: string): Promise<Example> {
  const [{ handle, crew = [] }, { play, runs }] = await Promise.all([
    import(new URL(`${name}/worker.${language}`, folder).href),
    import(new URL(`${name}/play.${language}`, folder).href),
  ]);
  return { name, handle: handle ?? (() => {}), hasHandlers: handle !== undefined, crew, runs, play };
}
