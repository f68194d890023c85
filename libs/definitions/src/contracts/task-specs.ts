import {
  type DefinitionReference,
  type LabelSelector,
  type Need,
  type NeedCondition,
  TaskSpec,
} from "@tutti/contracts/types/v1";
import { jsonPayload, retryMessage } from "@tutti/kernel";
import type { Definition } from "../check/checker.ts";
import type { TaskDocument } from "../language/document.ts";
import type { Placement, Plan, PlanTask, Selector, Work } from "../plan/plan.ts";
import { applyPolicies, bare } from "./task-policies.ts";

/** Keys without a field in the contracts: loops and children of runs. */
export const keysOfRuns = ["forEach", "mayFail", "parameters", "budget"] as const;

/** Keys with a field that missions do not support. */
const keysBeyondMissions = ["compensate", "limits", "cache", "checks", "dueTime"] as const;

/** The engine that runs the tasks. Tasks that it cannot run are problems. */
export type TaskEngine = "mission" | "session";

/**
 * Returns the tasks of a definition as messages of the contracts, so that an engine other than that of runs
 * executes them unchanged. Tasks that only a run can execute are problems.
 */
export function taskSpecsOf(
  { document, plan }: Pick<Definition, "document" | "plan">,
  engine: TaskEngine = "mission",
): { readonly tasks: TaskSpec[] } | { readonly problem: string } {
  if (plan === undefined) return { problem: "a template whose parameters are not filled in" };
  if (document.states !== undefined) return { problem: "states" };
  if (Object.keys(document.vars ?? {}).length > 0) return { problem: "`vars`" };
  const needs = needsOf(plan);
  const tasks: TaskSpec[] = [];
  for (const [number, task] of plan.tasks.entries()) {
    const written = document.tasks?.[task.id];
    const work = plan.works[task.work];
    const problem = problemOf(task, { written, work, engine });
    if (problem !== undefined || written === undefined || work === undefined)
      return { problem: `${problem ?? "a task within a task"} (task ${task.id})` };
    const spec = specOf(plan, task, written);
    applyPolicies(spec, written, task.id);
    spec.work = workOf(work);
    spec.versionRange = work.kind === "uses" ? work.versionRange : "";
    spec.needs = needs[number] ?? [];
    tasks.push(spec);
  }
  return { tasks };
}

interface CheckedTask {
  readonly written: TaskDocument | undefined;
  readonly work: Work | undefined;
  readonly engine: TaskEngine;
}

function problemOf({ kind }: PlanTask, { written, work, engine }: CheckedTask): string | undefined {
  if (work === undefined || written === undefined) return "a task within a task";
  if (work.kind !== "uses" && work.kind !== "workflow" && work.kind !== "mission") return `\`${kind}\``;
  if (work.kind === "uses" && work.among !== undefined) return "`among`";
  const only = engine === "session" ? keysOfRuns : [...keysOfRuns, ...keysBeyondMissions];
  const found = only.find((name) => written[name] !== undefined);
  return found && `\`${found}\``;
}

/**
 * Returns the needs of each task, by its number, including the implied needs of expressions that read
 * another's output.
 */
function needsOf({ tasks, edges }: Plan): readonly Need[][] {
  const needs: Need[][] = tasks.map(() => []);
  for (const [from, { id }] of tasks.entries())
    for (let at = edges.offsets[from] ?? 0; at < (edges.offsets[from + 1] ?? 0); at++)
      needs[edges.targets[at] ?? 0]?.push({
        task: id,
        // The contract counts from 1: its 0 means that no condition is set.
        condition: ((edges.conditions[at] ?? 0) + 1) as NeedCondition,
      });
  return needs;
}

function specOf(plan: Plan, task: PlanTask, written: TaskDocument): TaskSpec {
  const policy = plan.policies[task.policy];
  const { title = "", when, labels = {}, idempotencyKey = "", gang = "" } = written;
  const hasRetry = written.retry !== undefined || plan.run.retry !== undefined;
  const { priority = 0, resources = {}, estimate, mayBeDoubled = false } = policy ?? {};
  const spec = TaskSpec.fromPartial({
    id: task.id,
    title,
    when: bare(when),
    labels: { ...labels },
    idempotencyKey,
    gang,
    priority,
    resources: { ...resources },
    mayBeDoubled,
    ...(estimate !== undefined && { estimate: { ...estimate, by: [...(estimate.by ?? [])] } }),
    ...(policy !== undefined && { timeouts: { ...policy.timeouts } }),
    // Without its own policy, a task has the defaults of the namespace that it runs in.
    ...(policy !== undefined && hasRetry && { retry: retryMessage(policy.retry) }),
  });
  spec.input = written.with === undefined ? undefined : jsonPayload(written.with);
  const { placement } = policy ?? {};
  if (placement) spec.placement = placementOf(plan, placement, written);
  return spec;
}

function workOf(work: Work): TaskSpec["work"] {
  if (work.kind === "uses") return { $case: "capability", value: work.capability };
  if (work.kind !== "workflow" && work.kind !== "mission") return undefined;
  const { definition: name, label, hash } = work;
  const version: DefinitionReference["version"] =
    hash !== ""
      ? { $case: "hash", value: hash }
      : label !== ""
        ? { $case: "label", value: label }
        : undefined;
  return { $case: work.kind, value: { name, version } };
}

function placementOf(
  { tasks }: Plan,
  { pool, require, prefer, sameAgentAs, notAgentOf }: Placement,
  { placement }: TaskDocument,
): TaskSpec["placement"] {
  const idsOf = (numbers: readonly number[]) => numbers.flatMap((number) => tasks[number]?.id ?? []);
  return {
    pool,
    require: selectorOf(require),
    prefer: selectorOf(prefer),
    sameAgentAs: idsOf(sameAgentAs),
    notAgentOf: idsOf(notAgentOf),
    stickyKey: placement?.stickyKey ?? "",
    contextKey: placement?.contextKey ?? "",
  };
}

function selectorOf({ equals, exists, absent }: Selector): LabelSelector {
  return { equals: { ...equals }, exists: [...exists], absent: [...absent] };
}
