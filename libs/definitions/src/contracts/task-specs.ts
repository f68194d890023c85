import {
  type DefinitionReference,
  type LabelSelector,
  type Need,
  NeedCondition,
  type Payload,
  type RetryPolicy,
  TaskSpec,
} from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import type { Definition } from "../check/checker.ts";
import type { Condition, TaskDocument } from "../language/document.ts";
import type { Placement, Plan, RetryPolicy as PlannedRetry, PlanTask, Selector, Work } from "../plan/plan.ts";

/**
 * The tasks of a definition as the contracts have them, so that an engine other than that of runs does the same work without
 * edits. What only a run can do is told as a problem.
 */
export function taskSpecsOf({
  document,
  plan,
}: Definition): { readonly tasks: TaskSpec[] } | { readonly problem: string } {
  if (plan === undefined) return { problem: "a template whose parameters are not filled in" };
  if (document.states !== undefined) return { problem: "states" };
  if (Object.keys(document.vars ?? {}).length > 0) return { problem: "`vars`" };
  const needs = needsOf(plan);
  const tasks: TaskSpec[] = [];
  for (const [number, task] of plan.tasks.entries()) {
    const written = document.tasks?.[task.id];
    const work = plan.works[task.work];
    const problem = problemOf(task, written, work);
    if (problem !== undefined || written === undefined || work === undefined)
      return { problem: `${problem ?? "a task within a task"} (task ${task.id})` };
    const spec = specOf(plan, task, written);
    spec.work = workOf(work);
    spec.versionRange = work.kind === "uses" ? work.versionRange : "";
    spec.needs = needs[number] ?? [];
    tasks.push(spec);
  }
  return { tasks };
}

function problemOf(
  { kind }: PlanTask,
  written: TaskDocument | undefined,
  work: Work | undefined,
): string | undefined {
  if (work === undefined || written === undefined) return "a task within a task";
  if (work.kind !== "uses" && work.kind !== "workflow" && work.kind !== "mission") return `\`${kind}\``;
  const only = [
    "forEach",
    "compensate",
    "limits",
    "cache",
    "checks",
    "mayFail",
    "dueTime",
    "parameters",
  ] as const;
  const found = only.find((name) => written[name] !== undefined);
  return found && `\`${found}\``;
}

/** What each task waits for, by its number: also what follows from expressions that read another's output. */
function needsOf({ tasks, edges }: Plan): readonly Need[][] {
  const needs: Need[][] = tasks.map(() => []);
  for (const [from, { id }] of tasks.entries())
    for (let at = edges.offsets[from] ?? 0; at < (edges.offsets[from + 1] ?? 0); at++)
      needs[edges.targets[at] ?? 0]?.push({
        task: id,
        condition: conditions[edges.conditions[at] ?? 0] ?? NeedCondition.NEED_CONDITION_SUCCESS,
      });
  return needs;
}

const conditions: readonly NeedCondition[] = [
  NeedCondition.NEED_CONDITION_SUCCESS,
  NeedCondition.NEED_CONDITION_FAILURE,
  NeedCondition.NEED_CONDITION_ALWAYS,
];

function specOf(plan: Plan, task: PlanTask, written: TaskDocument): TaskSpec {
  const policy = plan.policies[task.policy];
  const { title = "", when, labels = {}, idempotencyKey = "" } = written;
  const { priority = 0, resources = {}, estimate, mayBeDoubled = false } = policy ?? {};
  const spec = TaskSpec.fromPartial({
    ...{ id: task.id, title, when: bare(when), labels: { ...labels }, idempotencyKey },
    ...{ priority, resources: { ...resources }, mayBeDoubled },
    ...(estimate !== undefined && { estimate: { ...estimate } }),
    ...(policy !== undefined && { timeouts: { ...policy.timeouts }, retry: retryOf(policy.retry) }),
  });
  spec.input = written.with === undefined ? undefined : payloadOf(written.with);
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

function retryOf(retry: PlannedRetry): RetryPolicy {
  return { ...retry, retryOn: [...retry.retryOn], failOn: [...retry.failOn] };
}

function placementOf(
  { tasks }: Plan,
  { pool, require, prefer, sameAgentAs, notAgentOf }: Placement,
  { placement }: TaskDocument,
): TaskSpec["placement"] {
  const idsOf = (numbers: readonly number[]) => numbers.flatMap((number) => tasks[number]?.id ?? []);
  return {
    ...{ pool, require: selectorOf(require), prefer: selectorOf(prefer) },
    ...{ sameAgentAs: idsOf(sameAgentAs), notAgentOf: idsOf(notAgentOf) },
    ...{ stickyKey: placement?.stickyKey ?? "", contextKey: placement?.contextKey ?? "" },
  };
}

function selectorOf({ equals, exists, absent }: Selector): LabelSelector {
  return { equals: { ...equals }, exists: [...exists], absent: [...absent] };
}

function payloadOf(data: Json): Payload {
  return { body: { $case: "inline", value: Buffer.from(JSON.stringify(data)) }, mediaType: "" };
}

/** A condition without the signs that it is one. */
function bare(condition: Condition | undefined): string {
  if (condition === undefined) return "";
  return String(condition)
    .replace(/^\$\{\{([\s\S]*)\}\}$/, "$1")
    .trim();
}
