import { type Described, Estimates, usualModel } from "@tutti/planner";
import type { Trace } from "./traces.ts";

/**
 * Returns the knowledge before a trace starts: the durations of tasks of the other traces, by name. A task belongs to
 * its kind in this run, then to its kind in any run. If a name is a path, its last part names a kind in any workflow.
 */
export function knownFrom(others: readonly Trace[]): Estimates {
  const estimates = new Estimates(undefined, () => usualModel);
  for (const trace of others)
    described(trace, trace.name).forEach((subject, task) => {
      estimates.learn({ ...subject, agentId: "" }, trace.sizesMs[task] ?? 0);
    });
  return estimates;
}

/** Describes the tasks of a run. Each run has unique names, so that the trace is not a past run of itself. */
export function described({ kinds, inputBytes }: Trace, run: string): readonly Described[] {
  return kinds.map((kind, task) => {
    const last = kind.split(".").at(-1) ?? kind;
    return {
      capability: `${run}/${kind}`,
      within: [kind, ...(last === kind ? [] : [last]), "anything"],
      inputBytes: inputBytes[task] ?? 0,
    };
  });
}
