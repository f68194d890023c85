/** The job of the race, a programme book: a sequential chain, parallel pages, and a binding that needs all of them. */
import type { TaskSpecInput } from "@tutti/rest/types";

/** The capability of all tasks. The input has the duration for an agent of normal speed. */
export const capability = "race.work";

export interface Work {
  readonly ms: number;
}

const task = (id: string, ms: number, needs: readonly string[] = []): TaskSpecInput => ({
  id,
  capability,
  input: { ms } satisfies Work,
  estimate: { durationMs: ms },
  needs: needs.map((each) => ({ task: each })),
});

const pages = 24;
const chapters = 5;

/** The tasks, the same in each mode. */
export const job: readonly TaskSpecInput[] = [
  task("plan", 300),
  ...Array.from({ length: pages }, (_, at) =>
    task(`page-${String(at + 1).padStart(2, "0")}`, 250 + ((at * 397) % 900), ["plan"]),
  ),
  // The critical path: a mode that starts it late waits for it at the end.
  ...Array.from({ length: chapters }, (_, at) =>
    task(`essay-${at + 1}`, 900, [at === 0 ? "plan" : `essay-${at}`]),
  ),
  task("bind", 400, [
    ...Array.from({ length: pages }, (_, at) => `page-${String(at + 1).padStart(2, "0")}`),
    `essay-${chapters}`,
  ]),
];

/** Speed of the agents of each lane, and their cost per second: fast agents cost more. */
export const crew: readonly {
  readonly name: string;
  readonly speed: number;
  readonly costPerSecond: number;
}[] = [
  { name: "slow", speed: 0.5, costPerSecond: 0.4 },
  { name: "usual", speed: 1, costPerSecond: 1 },
  { name: "steady", speed: 1, costPerSecond: 1 },
  { name: "quick", speed: 2, costPerSecond: 2.6 },
];

export const lanes = ["workflow", "swarm", "intelligence", "hybrid"] as const;
