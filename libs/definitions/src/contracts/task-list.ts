import {
  type CachePolicy,
  CheckFailure,
  type Compensation,
  type KeyedLimit,
  type LabelSelector,
  NeedCondition,
  type Payload,
  type Placement,
  type QualityCheck,
  type RetryPolicy as RetryPolicyMessage,
  type TaskList,
  type TaskSpec,
  type Timeouts,
} from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { fromTimestamp, retryFromMessage } from "@tutti/kernel";
import { printDuration } from "../duration.ts";
import type {
  CacheDocument,
  CheckDocument,
  CompensateDocument,
  LimitDocument,
  PlacementDocument,
  RetryDocument,
  SelectorDocument,
  TaskDocument,
  TimeoutDocument,
  WorkflowDocument,
} from "../language/document.ts";
import type { NeedConditionWord } from "../plan/plan.ts";

/**
 * Turns tasks of the contracts into a document of the language. So tasks of a start request, tasks that are
 * added to a run, and tasks from another engine are checked and planned like all others. Inputs have to be
 * inline: fetch inputs from the blob store before.
 */
export function documentOfTasks(name: string, list: TaskList): WorkflowDocument {
  const tasks: Record<string, TaskDocument> = {};
  for (const spec of list.tasks) tasks[spec.id] = documentOfTask(spec);
  return { workflow: name, tasks, ...(list.output === "" ? {} : { output: lone(list.output) }) };
}

/** Returns the ids that are in a list more than once. */
export function repeatedIds(list: TaskList): readonly string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { id } of list.tasks) (seen.has(id) ? repeated : seen).add(id);
  return [...repeated];
}

export function documentOfTask(spec: TaskSpec): TaskDocument {
  const { title, when, priority, idempotencyKey, mayBeDoubled, gang } = spec;
  const input = jsonOf(spec.input);
  return defined<TaskDocument>({
    ...workOf(spec),
    title: title || undefined,
    with: input,
    needs:
      spec.needs.length === 0
        ? undefined
        : spec.needs.map(({ task, condition }) => defined({ task, on: conditionWords[condition] })),
    when: when || undefined,
    retry: spec.retry === undefined ? undefined : retryOf(spec.retry),
    timeout: spec.timeouts === undefined ? undefined : timeoutOf(spec.timeouts),
    priority: priority || undefined,
    dueTime: spec.dueTime === undefined ? undefined : new Date(fromTimestamp(spec.dueTime)).toISOString(),
    labels: orNothing(spec.labels),
    placement: spec.placement === undefined ? undefined : placementOf(spec.placement),
    resources: orNothing(spec.resources),
    estimate:
      spec.estimate === undefined
        ? undefined
        : {
            duration: printDuration(spec.estimate.durationMs),
            money: spec.estimate.money,
            tokens: spec.estimate.tokens,
            ...(spec.estimate.by.length > 0 && { by: spec.estimate.by }),
          },
    checks: spec.checks.length === 0 ? undefined : spec.checks.map(checkOf),
    limits: spec.limits.length === 0 ? undefined : spec.limits.map(limitOf),
    cache: spec.cache === undefined ? undefined : cacheOf(spec.cache),
    compensate: spec.compensate === undefined ? undefined : compensateOf(spec.compensate),
    idempotencyKey: idempotencyKey || undefined,
    mayBeDoubled: mayBeDoubled || undefined,
    gang: gang || undefined,
  });
}

/**
 * Returns the tasks with a condition for each need: `done` by default, and `success` if an expression of the task reads
 * the output of the needed task. A definition has the same defaults. For machines without plans: these treat an
 * unspecified condition as `success`, because recorded histories contain it.
 */
export function withNeedConditions(tasks: readonly TaskSpec[]): TaskSpec[] {
  return tasks.map((task) => {
    if (task.needs.every(({ condition }) => condition !== NeedCondition.NEED_CONDITION_UNSPECIFIED))
      return task;
    const read = outputsReadBy(task);
    const needs = task.needs.map((need) => ({
      task: need.task,
      condition:
        need.condition ||
        (read.has(need.task) ? NeedCondition.NEED_CONDITION_SUCCESS : NeedCondition.NEED_CONDITION_DONE),
    }));
    return { ...task, needs };
  });
}

const outputOf =
  /\btasks(?:\.([A-Za-z_]\w*)|\[\s*["']([^"'\]]+)["']\s*\])(?!\s*\.\s*(?:status|error)\b)(?!\w)/g;

/** Returns the ids of the tasks whose output an expression of this one reads. */
function outputsReadBy({ input, when }: TaskSpec): ReadonlySet<string> {
  const inline = input?.body?.$case === "inline" ? Buffer.from(input.body.value).toString("utf8") : "";
  const text = `${inline.includes("tasks") ? inline.replaceAll('\\"', '"') : ""}\n${when}`;
  return new Set([...text.matchAll(outputOf)].map(([, name, quoted]) => name ?? quoted ?? ""));
}

/** An unspecified condition is the default of a document. */
const conditionWords: Readonly<Record<NeedCondition, NeedConditionWord | undefined>> = {
  [NeedCondition.NEED_CONDITION_UNSPECIFIED]: undefined,
  [NeedCondition.NEED_CONDITION_SUCCESS]: "success",
  [NeedCondition.NEED_CONDITION_FAILURE]: "failure",
  [NeedCondition.NEED_CONDITION_ALWAYS]: "always",
  [NeedCondition.NEED_CONDITION_DONE]: "done",
  [NeedCondition.UNRECOGNIZED]: undefined,
};

function cacheOf({ key, ttlMs, staleMs, failuresMs, tags, auto }: CachePolicy): CacheDocument {
  return defined({
    key: key || undefined,
    ttl: printDuration(ttlMs),
    stale: staleMs > 0 ? printDuration(staleMs) : undefined,
    failures: failuresMs > 0 ? printDuration(failuresMs) : undefined,
    tags: tags.length > 0 ? tags : undefined,
    auto: auto || undefined,
  });
}

function workOf({ work, versionRange }: TaskSpec): TaskDocument {
  switch (work?.$case) {
    case "capability":
      return { uses: versionRange === "" ? work.value : `${work.value}@${versionRange}` };
    case "workflow":
    case "mission": {
      const { name, version } = work.value;
      return { [work.$case]: version === undefined ? name : `${name}@${version.value}` };
    }
    default:
      return {};
  }
}

function jsonOf(payload: Payload | undefined): Json | undefined {
  if (payload?.body?.$case !== "inline") return undefined;
  return JSON.parse(Buffer.from(payload.body.value).toString("utf8")) as Json;
}

function retryOf(message: RetryPolicyMessage): RetryDocument {
  const policy = retryFromMessage(message);
  const { maxAttempts, initialMs, factor, maxMs, jitter, retryOn, failOn } = policy;
  return defined<RetryDocument>({
    attempts: maxAttempts,
    backoff: initialMs === 0 ? undefined : `${printDuration(initialMs)}..${printDuration(maxMs)}`,
    factor,
    jitter,
    on: retryOn.length === 0 ? undefined : retryOn,
    notOn: failOn.length === 0 ? undefined : failOn,
    exhausted: policy.pauseWhenExhausted ? "pause" : undefined,
    onLost: policy.failWhenLost ? "fail" : undefined,
  });
}

function timeoutOf({ queueMs, runMs, heartbeatMs, totalMs }: Timeouts): TimeoutDocument {
  const durationText = (ms: number) => (ms === 0 ? undefined : printDuration(ms));
  return defined<TimeoutDocument>({
    queue: durationText(queueMs),
    run: durationText(runMs),
    heartbeat: durationText(heartbeatMs),
    total: durationText(totalMs),
  });
}

function placementOf(placement: Placement): PlacementDocument {
  const { pool, require, prefer, sameAgentAs, notAgentOf, stickyKey, contextKey } = placement;
  return defined<PlacementDocument>({
    pool: pool || undefined,
    require: require === undefined ? undefined : selectorOf(require),
    prefer: prefer === undefined ? undefined : selectorOf(prefer),
    sameAgentAs: sameAgentAs.length === 0 ? undefined : sameAgentAs,
    notAgentOf: notAgentOf.length === 0 ? undefined : notAgentOf,
    stickyKey: stickyKey || undefined,
    contextKey: contextKey || undefined,
  });
}

function selectorOf({ equals, exists, absent }: LabelSelector): SelectorDocument {
  return { equals, exists, absent };
}

function checkOf({ name, condition, onFailure, sendBackTo, maxSendBacks }: QualityCheck): CheckDocument {
  const sendBack = onFailure === CheckFailure.CHECK_FAILURE_SEND_BACK;
  const approval = onFailure === CheckFailure.CHECK_FAILURE_APPROVAL;
  return defined<CheckDocument>({
    name,
    condition,
    onFailure: sendBack ? "sendBack" : approval ? "approval" : "fail",
    sendBackTo: sendBackTo || undefined,
    times: maxSendBacks === 0 ? undefined : maxSendBacks,
  });
}

function limitOf({ key, maxConcurrent, rate, resources }: KeyedLimit): LimitDocument {
  return defined<LimitDocument>({
    key,
    concurrency: maxConcurrent === 0 ? undefined : maxConcurrent,
    rate:
      rate === undefined
        ? undefined
        : { count: rate.count, per: printDuration(rate.perMs), burst: rate.burst },
    resources: Object.keys(resources).length === 0 ? undefined : resources,
  });
}

function compensateOf({ capability, versionRange, input, retry }: Compensation): CompensateDocument {
  return defined<CompensateDocument>({
    uses: versionRange === "" ? capability : `${capability}@${versionRange}`,
    with: jsonOf(input),
    retry: retry === undefined ? undefined : retryOf(retry),
  });
}

function lone(expression: string): string {
  return expression.includes("${{") ? expression : `\${{ ${expression} }}`;
}

function orNothing<T>(members: Readonly<Record<string, T>>): Readonly<Record<string, T>> | undefined {
  return Object.keys(members).length === 0 ? undefined : members;
}

/** Removes undefined members. */
function defined<T>(members: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;
}
