import { type Described, Estimates, usualModel } from "@tutti/planner";
import type { Trace } from "./traces.ts";

/**
 * The knowledge before a trace starts: how long tasks of the other traces took, by their names. A task belongs to its
 * kind in this run, then to its kind in any run. If a name is a path, its last part names a kind in any workflow.
 */
export function knownFrom(others: readonly Trace[]): Estimates {
  const estimates = new Estimates(undefined, () => usualModel);
  for (const trace of others)
    described(trace, trace.name).forEach((subject, task) => {
      estimates.learn({ ...subject, agentId: "" }, trace.sizesMs[task] ?? 0);
    });
  return estimates;
}

/** Each run has names of its own: the trace itself is no past run of it. */
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
