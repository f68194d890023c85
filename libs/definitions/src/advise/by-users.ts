/**
 * Advice that requires a change in the code of a worker, or in the list of a task. It is a proposal with evidence, and
 * cannot be applied automatically.
 */
import type { WorkflowDocument } from "../language/document.ts";
import type { Advice } from "./advice.ts";
import { savable } from "./checkpoints.ts";
import { mergeable, merged } from "./merge.ts";
import type { Needs, RecordedRun } from "./replay.ts";
import { splittable } from "./split.ts";

/** A change of code must gain more than a change of a field. */
const gainMin = 0.05;

export function byUsers(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice[] {
  const found = [
    mergeAdvice(document, id, needs, runs),
    splitAdvice(document, id, needs, runs),
    checkpointsAdvice(document, id, needs, runs),
  ];
  return found.flatMap((each) => (each === undefined || each.gain.median < gainMin ? [] : [each]));
}

function mergeAdvice(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice | undefined {
  const found = mergeable(id, document, needs, runs);
  if (found === undefined) return undefined;
  const { chain, gain, evidence } = found;
  const capabilities = chain.map((task) => `\`${document.tasks?.[task]?.uses}\``).join(" and ");
  return {
    kind: "merge",
    saves: "time",
    task: id,
    about: chain.at(-1) ?? "",
    gain,
    evidence,
    changed: merged(document, chain),
    summary: `\`${chain.join("`, `")}\` are one chain, and its hops take longer than its work.`,
    risk: "The tasks become one: if its end fails, all of it is repeated. Their retries, timeouts and outputs become those of one task.",
    manual: `a worker needs a capability that does ${capabilities} in one task.`,
  };
}

function splitAdvice(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice | undefined {
  const task = document.tasks?.[id] ?? {};
  const found = splittable(id, task, needs, runs);
  if (found === undefined) return undefined;
  return {
    kind: "split",
    saves: "time",
    task: id,
    about: "",
    gain: found.gain,
    evidence: found.evidence,
    changed: document,
    summary: `A few large entries of \`${id}\` delay the other entries.`,
    risk: "More entries have more outputs and attempts. The work of an entry must be divisible.",
    manual: `the list \`${task.forEach}\` needs smaller entries, up to ${found.pieces} for the largest one.`,
  };
}

function checkpointsAdvice(
  document: WorkflowDocument,
  id: string,
  needs: Needs,
  runs: readonly RecordedRun[],
): Advice | undefined {
  const task = document.tasks?.[id] ?? {};
  const found = savable(id, task, needs, runs);
  if (found === undefined) return undefined;
  return {
    kind: "checkpoints",
    saves: "time",
    task: id,
    about: "",
    ...found,
    changed: document,
    summary: `\`${id}\` takes long, and starts from the beginning after each lost attempt.`,
    risk: "A saved state is read by a later version of the worker too. Saving takes time.",
    manual: `the handler of \`${task.uses}\` has to save its state with its progress, and to start from \`saved\`.`,
  };
}
