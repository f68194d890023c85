/** Tasks as programs write them, whatever does them: a mission or a session. */
import {
  CheckFailure,
  LabelSelector,
  NeedCondition,
  type TaskSpec,
  TaskSpec as Tasks,
} from "@tutti/contracts/types/v1";
import { resolveRetry, retryMessage, toTimestamp } from "@tutti/kernel";
import { payloadOf } from "../payloads.ts";

export interface AmountsOptions {
  /** Tokens of language models. */
  readonly tokens?: number;
  readonly money?: number;
  /** Time of agents running. */
  readonly timeMs?: number;
}

/** One thing to be done. One of `uses`, `workflow` and `mission` does it. What is undefined is not said: lists of unlike tasks have that. */
export interface WorkTask {
  readonly id: string;
  readonly title?: string | undefined;
  /** An agent that offers this capability. */
  readonly uses?: string | undefined;
  /** A child run of this definition. */
  readonly workflow?: string | undefined;
  /** A child mission of this definition. */
  readonly mission?: string | undefined;
  /** Expressions in it are resolved when the task becomes ready. */
  readonly input?: unknown;
  /**
   * Tasks that have to end before it, and how. Default: `done`, which is completed or skipped by its own condition. A task
   * whose output an expression of this one reads has to complete: `success`.
   */
  readonly needs?:
    | readonly (string | { readonly task: string; readonly end: keyof typeof needEnds })[]
    | undefined;
  /** CEL condition. When it is false the task is skipped. */
  readonly when?: string | undefined;
  /** Attempts in all. The first pause is 1 s, each further pause is twice as long, at most 1 min. Default: 5. */
  readonly attempts?: number | undefined;
  /** How long an attempt may take. */
  readonly runMs?: number | undefined;
  /** -100 to 100. */
  readonly priority?: number | undefined;
  /** When its outcome is wanted. It goes before what is wanted later. */
  readonly dueTime?: Date | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Of its own, where it is not that of the whole. */
  readonly pool?: string | undefined;
  /** Labels that who does it must have. */
  readonly agents?: Readonly<Record<string, string>> | undefined;
  /** What it takes of its agent while it is running, by name: `gpu`, `memory_bytes`, a licence. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** What it is expected to cost: set aside before an attempt starts, and replaced by what is learned. */
  readonly estimate?: AmountsOptions | undefined;
  /** What its output must satisfy. */
  readonly checks?: readonly WorkCheck[] | undefined;
}

export interface WorkCheck {
  readonly name: string;
  /** CEL over `input` and `output`. Must give true. */
  readonly condition: string;
  /** What happens when it does not: the task fails unless given. */
  readonly otherwise?: "fail" | "sendBack" | "approval";
  /** How often it is sent back. Once unless given. */
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

export function amountsOf({ tokens = 0, money = 0, timeMs = 0 }: AmountsOptions) {
  return { tokens, money, timeMs };
}

export function taskSpecOf(task: WorkTask): TaskSpec {
  const { id, title = "", when = "", priority = 0, labels, attempts, runMs, estimate, dueTime } = task;
  const spec = Tasks.fromPartial({
    ...{ id, title, when, priority, labels: { ...labels }, resources: { ...task.resources } },
    needs: (task.needs ?? []).map((need) =>
      typeof need === "string" ? { task: need } : { task: need.task, condition: needEnds[need.end] },
    ),
    retry: attempts === undefined ? undefined : retryMessage(resolveRetry({ maxAttempts: attempts })),
    timeouts: runMs === undefined ? undefined : { runMs },
    dueTime: dueTime && toTimestamp(dueTime.getTime()),
    estimate: estimate && {
      durationMs: estimate.timeMs ?? 0,
      money: estimate.money ?? 0,
      tokens: estimate.tokens ?? 0,
    },
    checks: (task.checks ?? []).map(({ name, condition, otherwise = "fail", times }) => ({
      ...{ name, condition, onFailure: checkFailures[otherwise] },
      maxSendBacks: times ?? (otherwise === "sendBack" ? 1 : 0),
    })),
  });
  const { agents, pool } = task;
  if (agents !== undefined || pool !== undefined)
    spec.placement = {
      ...{ pool: pool ?? "", prefer: undefined, sameAgentAs: [], notAgentOf: [], stickyKey: "" },
      contextKey: "",
      require: agents && LabelSelector.fromPartial({ equals: { ...agents } }),
    };
  spec.work = workOf(task);
  spec.input = payloadOf(task.input, `the input of ${id}`);
  return spec;
}

function workOf({ uses, workflow, mission }: WorkTask): TaskSpec["work"] {
  if (uses !== undefined) return { $case: "capability", value: uses };
  if (workflow !== undefined) return { $case: "workflow", value: { name: workflow, version: undefined } };
  if (mission !== undefined) return { $case: "mission", value: { name: mission, version: undefined } };
  return undefined;
}
