/** Tasks as programs write them, for a mission or a session. */

import {
  CheckFailure,
  LabelSelector,
  NeedCondition,
  type TaskSpec,
  TaskSpec as Tasks,
} from "@tutti/contracts/types/v1";
import { retryMessage, toTimestamp } from "@tutti/kernel";
import {
  amounts,
  date,
  duration,
  labels,
  number,
  type OptionNames,
  oneOf,
  plain,
  priority,
  requireKnown,
  text,
  wholeNumber,
} from "../../options.ts";
import { payloadOf } from "../payloads.ts";
import { deprecatedValue } from "./deprecated.ts";
import { type Duration, durationIn, eitherDuration } from "./duration.ts";
import { type RetryOptions, retryNames, retryPolicyIn } from "./retry.ts";

export interface AmountsOptions {
  /** Tokens of language models. */
  readonly tokens?: number;
  readonly money?: number;
  /** Time of running agents: `1h`, or milliseconds. */
  readonly time?: Duration;
  /** @deprecated use `time` */
  readonly timeMs?: number;
}

export const amountNames: OptionNames<AmountsOptions> = {
  tokens: number(0),
  money: number(0),
  time: duration,
  timeMs: duration,
};

export interface CostOptions {
  readonly duration?: Duration;
  readonly money?: number;
  /** Tokens of language models. */
  readonly tokens?: number;
  /** Fields of the input that the duration depends on. Lists and maps count by their elements. */
  readonly by?: readonly string[];
}

/** Time limits of a task. */
export interface TimeoutOptions {
  /** From ready to started: the wait in the queue. */
  readonly queue?: Duration;
  /** Each attempt. */
  readonly run?: Duration;
  /** Between two heartbeats of an attempt. */
  readonly heartbeat?: Duration;
  /** From ready to the outcome, with all attempts and pauses. */
  readonly total?: Duration;
}

type NeedEnd = keyof typeof needEnds;

/**
 * A task. One of `uses`, `workflow` and `mission` executes it. Undefined fields count as absent, for lists of
 * different tasks.
 */
export interface WorkTask {
  readonly id: string;
  readonly title?: string | undefined;
  /** An agent that offers this capability. */
  readonly uses?: string | undefined;
  /** A child run of this definition. */
  readonly workflow?: string | undefined;
  /** A child mission of this definition. */
  readonly mission?: string | undefined;
  /** Its input. Expressions in it are resolved when the task becomes ready. */
  readonly with?: unknown;
  /** @deprecated use `with` */
  readonly input?: unknown;
  /**
   * Tasks that have to end before it, and how. Default: `done`, which is completed or skipped by its own condition. A task
   * whose output an expression of this one reads has to complete: `success`.
   */
  readonly needs?:
    | readonly (
        | string
        | { readonly task: string; readonly on?: NeedEnd }
        /** @deprecated use `on` */
        | { readonly task: string; readonly end: NeedEnd }
      )[]
    | undefined;
  /** CEL condition. When it is false the task is skipped. */
  readonly when?: string | undefined;
  /** Default: 5 attempts, 1 s to 1 min apart. A number is that of all attempts. */
  readonly retry?: number | RetryOptions | undefined;
  /** @deprecated use `retry` */
  readonly attempts?: number | undefined;
  /** Timeout of an attempt: `30s`, or milliseconds. Or its parts: the wait in the queue, silence, all attempts. */
  readonly timeout?: Duration | TimeoutOptions | undefined;
  /** @deprecated use `timeout` */
  readonly runMs?: number | undefined;
  /** -100 to 100. */
  readonly priority?: number | undefined;
  /** The deadline of its outcome. Tasks with an earlier deadline go first. */
  readonly dueTime?: Date | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Pool of this task. Default: that of the whole. */
  readonly pool?: string | undefined;
  /** Labels that the agent must have. */
  readonly agents?: Readonly<Record<string, string>> | undefined;
  /** Resources of its agent while it is running, by name: `gpu`, `memory_bytes`, a licence. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** Tasks that are added together with the same gang start together, or not at all. */
  readonly gang?: string | undefined;
  /** Expected cost: reserved before an attempt starts, and replaced by learned values. */
  readonly cost?: CostOptions | undefined;
  /** @deprecated use `cost` */
  readonly estimate?: AmountsOptions | undefined;
  /** Conditions for its output. */
  readonly checks?: readonly WorkCheck[] | undefined;
}

export interface WorkCheck {
  readonly name: string;
  /** CEL over `input` and `output`. Must return true. */
  readonly condition: string;
  /** Action if the condition is false. Default: the task fails. */
  readonly otherwise?: "fail" | "sendBack" | "approval";
  /** Number of times that it is sent back. Default: once. */
  readonly times?: number;
}

const needEnds = {
  success: NeedCondition.NEED_CONDITION_SUCCESS,
  failure: NeedCondition.NEED_CONDITION_FAILURE,
  always: NeedCondition.NEED_CONDITION_ALWAYS,
  done: NeedCondition.NEED_CONDITION_DONE,
} as const;
const checkFailures = {
  fail: CheckFailure.CHECK_FAILURE_FAIL,
  sendBack: CheckFailure.CHECK_FAILURE_SEND_BACK,
  approval: CheckFailure.CHECK_FAILURE_APPROVAL,
} as const;

const needNames = { [plain]: text, task: text, on: oneOf(needEnds), end: oneOf(needEnds) } as const;
const timeoutNames: OptionNames<TimeoutOptions> = {
  queue: duration,
  run: duration,
  heartbeat: duration,
  total: duration,
};
const checkNames: OptionNames<WorkCheck> = {
  name: text,
  condition: text,
  otherwise: oneOf(checkFailures),
  times: wholeNumber(0),
};

const taskNames: OptionNames<WorkTask> = {
  id: text,
  title: text,
  uses: text,
  workflow: text,
  mission: text,
  with: true,
  input: true,
  needs: [needNames],
  when: text,
  retry: retryNames,
  attempts: wholeNumber(1),
  timeout: { [plain]: duration, ...timeoutNames },
  runMs: duration,
  priority,
  dueTime: date,
  labels,
  pool: text,
  agents: labels,
  resources: amounts,
  gang: text,
  cost: { duration, money: number(0), tokens: number(0), by: [text] },
  estimate: amountNames,
  checks: [checkNames],
};

export function amountsOf({ tokens = 0, money = 0, time, timeMs }: AmountsOptions) {
  return { tokens, money, timeMs: eitherDuration("time", time, timeMs) ?? 0 };
}

export function taskSpecOf(task: WorkTask): TaskSpec {
  requireKnown(() => ("id" in task ? `tasks.${task.id}` : "task"), task, taskNames);
  const { id, title = "", when = "", dueTime, gang = "" } = task;
  const retry = task.retry ?? deprecatedValue(task.attempts, "attempts", "retry");
  const spec = Tasks.fromPartial({
    id,
    title,
    when,
    priority: task.priority ?? 0,
    gang,
    labels: { ...task.labels },
    resources: { ...task.resources },
    needs: (task.needs ?? []).map((need) =>
      typeof need === "string" ? { task: need } : { task: need.task, condition: conditionOf(need) },
    ),
    retry: retry === undefined ? undefined : retryMessage(retryPolicyIn(retry)),
    timeouts: timeoutsOf(id, task.timeout ?? deprecatedValue(task.runMs, "runMs", "timeout")),
    dueTime: dueTime && toTimestamp(dueTime.getTime()),
    estimate: costOf(task),
    checks: (task.checks ?? []).map(({ name, condition, otherwise = "fail", times }) => ({
      name,
      condition,
      onFailure: checkFailures[otherwise],
      maxSendBacks: times ?? (otherwise === "sendBack" ? 1 : 0),
    })),
  });
  const { agents, pool } = task;
  if (agents !== undefined || pool !== undefined)
    spec.placement = {
      pool: pool ?? "",
      prefer: undefined,
      sameAgentAs: [],
      notAgentOf: [],
      stickyKey: "",
      contextKey: "",
      require: agents && LabelSelector.fromPartial({ equals: { ...agents } }),
    };
  spec.work = workOf(task);
  spec.input = payloadOf(task.with ?? deprecatedValue(task.input, "input", "with"), `the input of ${id}`);
  return spec;
}

function conditionOf(need: { readonly on?: NeedEnd } | { readonly end: NeedEnd }): NeedCondition {
  const end = "end" in need ? deprecatedValue(need.end, "end", "on") : need.on;
  return end === undefined ? NeedCondition.NEED_CONDITION_UNSPECIFIED : needEnds[end];
}

function timeoutsOf(id: string, timeout: WorkTask["timeout"]) {
  if (timeout === undefined) return undefined;
  const { queue, run, heartbeat, total } = typeof timeout === "object" ? timeout : { run: timeout };
  const ms = (name: string, limit: Duration | undefined) =>
    durationIn(`the ${name} timeout of ${id}`, limit) ?? 0;
  return {
    queueMs: ms("queue", queue),
    runMs: ms("run", run),
    heartbeatMs: ms("heartbeat", heartbeat),
    totalMs: ms("total", total),
  };
}

function costOf({ id, cost, estimate: older }: WorkTask) {
  const estimate = deprecatedValue(older, "estimate", "cost");
  if (cost === undefined && estimate === undefined) return undefined;
  return {
    durationMs: durationIn(`the cost of ${id}`, cost?.duration ?? estimate?.time ?? estimate?.timeMs) ?? 0,
    money: cost?.money ?? estimate?.money ?? 0,
    tokens: cost?.tokens ?? estimate?.tokens ?? 0,
    by: [...(cost?.by ?? [])],
  };
}

function workOf({ uses, workflow, mission }: WorkTask): TaskSpec["work"] {
  if (uses !== undefined) return { $case: "capability", value: uses };
  if (workflow !== undefined) return { $case: "workflow", value: { name: workflow, version: undefined } };
  if (mission !== undefined) return { $case: "mission", value: { name: mission, version: undefined } };
  return undefined;
}
