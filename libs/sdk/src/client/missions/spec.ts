/** Options of missions: goal, tasks, roles, budget, stop conditions. */

import {
  Assignment,
  BudgetEnd,
  type MissionSpec,
  MissionSpec as Specs,
  StopKind,
} from "@tutti/contracts/swarm/v1";
import { toTimestamp } from "@tutti/kernel";
import {
  date,
  duration,
  flag,
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
import { type Duration, eitherDuration } from "../work/duration.ts";
import { type AmountsOptions, amountNames, amountsOf, taskSpecOf, type WorkTask } from "../work/task.ts";

/** A task for the board of a mission. */
export type MissionTask = WorkTask;

export interface MissionRole {
  readonly name: string;
  /** Description of the task. Agents read it. */
  readonly instructions?: string;
  readonly capabilities?: readonly string[];
  /** Minimum and maximum number of agents. The mission starts with the minimum. */
  readonly minAgents?: number;
  readonly maxAgents?: number;
}

export interface MissionStop {
  readonly name: string;
  /** CEL over `tasks`, `board`, `votes`, `budget` and `time`. */
  readonly condition: string;
  /** Result of the mission when the condition is met. Default: it completes. */
  readonly then?: "complete" | "fail" | "approval";
}

export interface MissionOptions {
  /** Id, chosen by the caller: a second start with the same id returns the same mission. Default: a new id. */
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly title?: string;
  /** Goal of the mission in words. Agents read it. */
  readonly goal?: string;
  readonly input?: unknown;
  readonly tasks?: readonly MissionTask[];
  /** How tasks find agents: offered to the pool, claimed from the board, or either, which is the default. */
  readonly assignment?: "offered" | "claimed" | "both";
  readonly roles?: readonly MissionRole[];
  /** Whether one of the agents leads, of which role, and how long it may be silent. */
  readonly leader?: boolean | { readonly role?: string; readonly leaseMs?: number };
  /** Limits, and the action when one is reached. Default: a person is asked. */
  readonly budget?: AmountsOptions & {
    readonly agents?: number;
    readonly depth?: number;
    readonly whenUsedUp?: "approval" | "finish" | "fail";
  };
  /** Stop conditions. Default: the end of its last task. */
  readonly stop?: readonly MissionStop[];
  /** CEL over `tasks`, `board` and `input`. Default: the outputs of all tasks by id. */
  readonly output?: string;
  /** Time without progress after which it counts as stuck: `10m`, or milliseconds. Default: never. */
  readonly stuckAfter?: Duration;
  /** @deprecated use `stuckAfter` */
  readonly stuckAfterMs?: number;
  /** Number of repetitions that count as a loop. Default: 10. */
  readonly loopThreshold?: number;
  /** Timeout: `2h`, or milliseconds. Default: no limit. */
  readonly timeout?: Duration;
  /** @deprecated use `timeout` */
  readonly timeoutMs?: number;
  readonly dueTime?: Date;
  readonly pool?: string;
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Retention after its end: `30d`, or milliseconds. */
  readonly retention?: Duration;
  /** @deprecated use `retention` */
  readonly retentionMs?: number;
}

const assignments = {
  offered: Assignment.ASSIGNMENT_OFFERED,
  claimed: Assignment.ASSIGNMENT_CLAIMED,
  both: Assignment.ASSIGNMENT_BOTH,
} as const;
const budgetEnds = {
  approval: BudgetEnd.BUDGET_END_APPROVAL,
  finish: BudgetEnd.BUDGET_END_FINISH,
  fail: BudgetEnd.BUDGET_END_FAIL,
} as const;
const stops = {
  complete: StopKind.STOP_KIND_COMPLETE,
  fail: StopKind.STOP_KIND_FAIL,
  approval: StopKind.STOP_KIND_APPROVAL,
} as const;

const count = wholeNumber(0);

const optionNames: OptionNames<MissionOptions> = {
  id: text,
  idempotencyKey: text,
  title: text,
  goal: text,
  input: true,
  tasks: [true],
  assignment: oneOf(assignments),
  roles: [{ name: text, instructions: text, capabilities: [text], minAgents: count, maxAgents: count }],
  leader: { [plain]: flag, role: text, leaseMs: number(0) },
  budget: { ...amountNames, agents: count, depth: count, whenUsedUp: oneOf(budgetEnds) },
  // biome-ignore lint/suspicious/noThenProperty: the option has this name, and the value is no promise.
  stop: [{ name: text, condition: text, then: oneOf(stops) }],
  output: text,
  stuckAfter: duration,
  stuckAfterMs: duration,
  loopThreshold: count,
  timeout: duration,
  timeoutMs: duration,
  dueTime: date,
  pool: text,
  priority,
  labels,
  retention: duration,
  retentionMs: duration,
};

export function missionSpecOf(options: MissionOptions): MissionSpec {
  requireKnown("mission", options, optionNames);
  const { budget, leader = false, dueTime, assignment = "both" } = options;
  const led = typeof leader === "object" ? leader : {};
  const spec = Specs.fromPartial({
    title: options.title ?? "",
    goal: options.goal ?? "",
    output: options.output ?? "",
    pool: options.pool ?? "",
    priority: options.priority ?? 0,
    timeoutMs: eitherDuration("timeout", options.timeout, options.timeoutMs) ?? 0,
    stuckAfterMs: eitherDuration("stuckAfter", options.stuckAfter, options.stuckAfterMs) ?? 0,
    loopThreshold: options.loopThreshold ?? 0,
    retentionMs: eitherDuration("retention", options.retention, options.retentionMs) ?? 0,
    labels: { ...options.labels },
    assignment: assignments[assignment],
    roles: (options.roles ?? []).map((role) => ({ ...role, capabilities: [...(role.capabilities ?? [])] })),
    leadership: leader === false ? undefined : { enabled: true, ...led },
    budget: budget && {
      amounts: amountsOf(budget),
      maxDepth: budget.depth ?? 0,
      maxAgents: budget.agents ?? 0,
      whenUsedUp: budgetEnds[budget.whenUsedUp ?? "approval"],
    },
    stopConditions: (options.stop ?? []).map(({ name, condition, then = "complete" }) => ({
      name,
      condition,
      kind: stops[then],
    })),
    dueTime: dueTime && toTimestamp(dueTime.getTime()),
  });
  spec.input = payloadOf(options.input, "input");
  spec.tasks = (options.tasks ?? []).map(taskSpecOf);
  return spec;
}
