/** A run that does not make progress: since when, why, and what helps. The server answers, as it does for `tutti why`. */
import type { Explanation } from "@tutti/rest/types";
import type { RunStore } from "../live/run-store.ts";
import { numberOfState } from "../model/task-state.ts";

const queued = numberOfState("queued");
const blocked = numberOfState("held");
const waiting = numberOfState("waiting");
const running = numberOfState("running");

/** When the first queued task became ready, or the first that waits if no task runs. Undefined if neither is. */
export function stillSince({
  states,
  table,
  run,
}: Pick<RunStore, "states" | "table" | "run">): number | undefined {
  const at = [queued, blocked].map((state) => states.indexOf(state)).filter((place) => place >= 0);
  if (at.length === 0 && !states.includes(running) && (run?.openApprovals ?? 0) === 0)
    at.push(states.indexOf(waiting));
  return table.tasks[Math.min(...at)]?.readyMs;
}

export interface Stuck {
  readonly cause: string;
  readonly remedy: string;
}

/** Waits that do not end without a person. */
const causes: ReadonlySet<string> = new Set(["no_capability", "no_match", "breaker"]);

/** By task, out of the explanation of a run. */
export function stuckIn({ parts = [] }: Pick<Explanation, "parts">): ReadonlyMap<string, Stuck> {
  const stuck = new Map<string, Stuck>();
  for (const { about, waits = [], remedies = [] } of parts) {
    const wait = waits.find(({ cause = "", present = false }) => present && causes.has(cause));
    const task = about?.task ?? "";
    if (wait === undefined || task === "") continue;
    const [{ text = "", command = "" } = {}] = remedies;
    stuck.set(task, { cause: wait.message ?? "", remedy: [text, command].filter(Boolean).join(": ") });
  }
  return stuck;
}

/** Returns the former map if it is equal: components that use it do not render again. */
export function sameStuck(
  before: ReadonlyMap<string, Stuck>,
  found: ReadonlyMap<string, Stuck>,
): ReadonlyMap<string, Stuck> {
  const isSame =
    before.size === found.size &&
    [...found].every(([task, { cause, remedy }]) => {
      const old = before.get(task);
      return old?.cause === cause && old.remedy === remedy;
    });
  return isSame ? before : found;
}
