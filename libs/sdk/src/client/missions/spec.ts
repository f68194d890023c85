/** What missions are made of: goal, tasks, roles, budget, when they end. */
import {
  Assignment,
  BudgetEnd,
  type MissionSpec,
  MissionSpec as Specs,
  StopKind,
} from "@tutti/contracts/swarm/v1";
import { LabelSelector, NeedCondition, type TaskSpec, TaskSpec as Tasks } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { payloadOf } from "../payloads.ts";

export interface AmountsOptions {
  /** Tokens of language models. */
  readonly tokens?: number;
  readonly money?: number;
  /** Time of agents at work. */
  readonly timeMs?: number;
}

/** A task for the board of a mission. One of `uses`, `workflow` and `mission` does it. */
export interface MissionTask {
  readonly id: string;
  readonly title?: string;
  /** An agent that offers this capability. */
  readonly uses?: string;
  /** A child run of this definition. */
  readonly workflow?: string;
  /** A child mission of this definition. */
  readonly mission?: string;
  /** Expressions in it are resolved when the task becomes ready. */
  readonly input?: unknown;
  /** Tasks that have to complete before it, or end as is said. */
  readonly needs?: readonly (string | { readonly task: string; readonly end: "failure" | "always" })[];
  /** CEL condition; when it is false the task is skipped. */
  readonly when?: string;
  /** Attempts in all; 1 unless given. */
  readonly attempts?: number;
  /** How long an attempt may take. */
  readonly runMs?: number;
  /** -100 to 100. */
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** Labels that who does it must have. */
  readonly agents?: Readonly<Record<string, string>>;
  /** What it is expected to cost: set aside before an attempt begins. */
  readonly estimate?: AmountsOptions;
}

export interface MissionRole {
  readonly name: string;
  /** What it is about; agents read it. */
  readonly instructions?: string;
  readonly capabilities?: readonly string[];
  /** How many have to play it before the mission begins, and how many may. */
  readonly minAgents?: number;
  readonly maxAgents?: number;
}

export interface MissionStop {
  readonly name: string;
  /** CEL over `tasks`, `board`, `votes`, `budget` and `time`. */
  readonly condition: string;
  /** How it ends then: it completes unless given. */
  readonly then?: "complete" | "fail" | "approval";
}

export interface MissionOptions {
  /** Chosen by the caller: started again under the same id it is the same mission. Made anew unless given. */
  readonly id?: string;
  readonly idempotencyKey?: string;
  readonly title?: string;
  /** What is to be reached, in words; agents read it. */
  readonly goal?: string;
  readonly input?: unknown;
  readonly tasks?: readonly MissionTask[];
  /** How tasks find agents: offered to the pool, claimed from the board, or either, which is the default. */
  readonly assignment?: "offered" | "claimed" | "both";
  readonly roles?: readonly MissionRole[];
  /** Whether one of the agents leads, of which role, and how long it may be silent. */
  readonly leader?: boolean | { readonly role?: string; readonly leaseMs?: number };
  /** What may be used up, and what happens when it is: a person is asked unless given. */
  readonly budget?: AmountsOptions & {
    readonly agents?: number;
    readonly depth?: number;
    readonly whenUsedUp?: "approval" | "finish" | "fail";
  };
  /** When it ends; with its last task unless given. */
  readonly stop?: readonly MissionStop[];
  /** CEL over `tasks`, `board` and `input`; the outputs of all tasks by id unless given. */
  readonly output?: string;
  /** After how long without anything done it counts as stuck; never unless given. */
  readonly stuckAfterMs?: number;
  /** How often the same may repeat before it counts as a loop; 10 unless given. */
  readonly loopThreshold?: number;
  readonly timeoutMs?: number;
  readonly dueTime?: Date;
  readonly pool?: string;
  readonly priority?: number;
  readonly labels?: Readonly<Record<string, string>>;
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
const needEnds = {
  failure: NeedCondition.NEED_CONDITION_FAILURE,
  always: NeedCondition.NEED_CONDITION_ALWAYS,
} as const;

export function missionSpecOf(options: MissionOptions): MissionSpec {
  const { budget, leader = false, dueTime, assignment = "both" } = options;
  const led = typeof leader === "object" ? leader : {};
  const spec = Specs.fromPartial({
    ...{ title: options.title ?? "", goal: options.goal ?? "", output: options.output ?? "" },
    ...{ pool: options.pool ?? "", priority: options.priority ?? 0, timeoutMs: options.timeoutMs ?? 0 },
    ...{ stuckAfterMs: options.stuckAfterMs ?? 0, loopThreshold: options.loopThreshold ?? 0 },
    retentionMs: options.retentionMs ?? 0,
    ...{ labels: { ...options.labels }, assignment: assignments[assignment] },
    roles: (options.roles ?? []).map((role) => ({ ...role, capabilities: [...(role.capabilities ?? [])] })),
    leadership: leader === false ? undefined : { enabled: true, ...led },
    budget: budget && {
      amounts: amountsOf(budget),
      ...{ maxDepth: budget.depth ?? 0, maxAgents: budget.agents ?? 0 },
      whenUsedUp: budgetEnds[budget.whenUsedUp ?? "approval"],
    },
    stopConditions: (options.stop ?? []).map(({ name, condition, then = "complete" }) => ({
      ...{ name, condition, kind: stops[then] },
    })),
    dueTime: dueTime && toTimestamp(dueTime.getTime()),
  });
  spec.input = payloadOf(options.input, "input");
  spec.tasks = (options.tasks ?? []).map(taskSpecOf);
  return spec;
}

export function amountsOf({ tokens = 0, money = 0, timeMs = 0 }: AmountsOptions) {
  return { tokens, money, timeMs };
}

export function taskSpecOf(task: MissionTask): TaskSpec {
  const { id, title = "", when = "", priority = 0, labels, agents, attempts, runMs, estimate } = task;
  const spec = Tasks.fromPartial({
    ...{ id, title, when, priority, labels: { ...labels } },
    needs: (task.needs ?? []).map((need) =>
      typeof need === "string" ? { task: need } : { task: need.task, condition: needEnds[need.end] },
    ),
    retry: attempts === undefined ? undefined : { maxAttempts: attempts },
    timeouts: runMs === undefined ? undefined : { runMs },
    estimate: estimate && {
      durationMs: estimate.timeMs ?? 0,
      money: estimate.money ?? 0,
      tokens: estimate.tokens ?? 0,
    },
  });
  if (agents !== undefined)
    spec.placement = {
      ...{ pool: "", prefer: undefined, sameAgentAs: [], notAgentOf: [], stickyKey: "", contextKey: "" },
      require: LabelSelector.fromPartial({ equals: { ...agents } }),
    };
  spec.work = workOf(task);
  spec.input = payloadOf(task.input, `the input of ${id}`);
  return spec;
}

function workOf({ uses, workflow, mission }: MissionTask): TaskSpec["work"] {
  if (uses !== undefined) return { $case: "capability", value: uses };
  if (workflow !== undefined) return { $case: "workflow", value: { name: workflow, version: undefined } };
  if (mission !== undefined) return { $case: "mission", value: { name: mission, version: undefined } };
  return undefined;
}
