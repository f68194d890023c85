/** A run that does not make progress: since when, why, and what helps. The server answers, as it does for `tutti why`. */
import type { Explanation } from "@tutti/rest/types";
import type { RunStore } from "../live/run-store.ts";
import { numberOfState } from "../model/task-state.ts";

const queued = numberOfState("queued");
const blocked = numberOfState("held");
const waiting = numberOfState("waiting");
const running = numberOfState("running");
const retrying = numberOfState("retrying");

/**
 * When the first queued task became ready, or the first that waits if no task runs. A task that pauses before a retry
 * waits from the end of its last attempt. Undefined if no task waits.
 */
export function stillSince({
  states,
  table,
  run,
}: Pick<RunStore, "states" | "table" | "run">): number | undefined {
  const placesOf = (wanted: readonly number[]) =>
    wanted.map((state) => states.indexOf(state)).filter((place) => place >= 0);
  let at = placesOf([queued, blocked]);
  if (at.length === 0 && !states.includes(running))
    at = placesOf((run?.openApprovals ?? 0) === 0 ? [waiting, retrying] : [retrying]);
  const task = table.tasks[Math.min(...at)];
  const attempt = task?.state === "retrying" ? task.attempts.at(-1) : undefined;
  return attempt?.endMs || task?.readyMs;
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
