/** The examples, found by their folders: `workflow.yaml`, `worker.ts` that handles its tasks (`handle`, or a `crew`), and `play.ts` that starts runs. */
import { readdirSync } from "node:fs";
import type { Worker, WorkerOptions } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

/** A worker that an example has for itself: of its own pool, with labels, with resources. */
export interface Member {
  readonly options: WorkerOptions;
  readonly handle: (worker: Worker) => void;
}

export interface Example {
  readonly name: string;
  /** What any worker can do for it. */
  readonly handle: (worker: Worker) => void;
  readonly crew: readonly Member[];
  /** Ids of the runs whose histories are kept. */
  readonly runs: readonly string[];
  /** Registers the definition, starts runs, gives what came of them. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

/** Starts the workers that an example has for itself, in pools that are made for them. */
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
/** In the package the examples are built. */
const language = import.meta.url.endsWith(".mjs") ? "mjs" : "ts";

export function exampleNames(): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export async function exampleNamed(name: string): Promise<Example> {
  const [{ handle = () => {}, crew = [] }, { play, runs }] = await Promise.all([
    import(new URL(`${name}/worker.${language}`, folder).href),
    import(new URL(`${name}/play.${language}`, folder).href),
  ]);
  return { name, handle, crew, runs, play };
}
